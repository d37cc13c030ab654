INSERT INTO SCHEMA.logs (job_id, at, level, message, attempt)
SELECT l.id::uuid, l.at, l.level, l.message, l.attempt
FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::integer[]) WITH ORDINALITY
    AS l(id, at, level, message, attempt, place)
ORDER BY l.place
