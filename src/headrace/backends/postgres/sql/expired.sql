-- $1 the instant, $2 limit.
SELECT id::text, queue, state FROM SCHEMA.jobs
WHERE expires_at <= $1::timestamptz AND state <> 'running'
ORDER BY expires_at LIMIT $2::integer
FOR UPDATE SKIP LOCKED
