-- $1 the clock handed in. A row, if a job has expired that is still open.
SELECT seq FROM SCHEMA.jobs
WHERE expires_at <= (SELECT coalesce($1::timestamptz, clock_timestamp())) AND expires_at IS NOT NULL AND state <> 'running'
ORDER BY expires_at LIMIT 1
