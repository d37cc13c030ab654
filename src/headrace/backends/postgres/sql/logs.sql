SELECT at, level, message, attempt FROM SCHEMA.logs WHERE job_id = $1::text::uuid ORDER BY n
