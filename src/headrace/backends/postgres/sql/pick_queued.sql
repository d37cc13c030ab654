-- $1 queue, $2 how many, $3 the instant. The next jobs of a queue without lanes, locked.
SELECT seq FROM SCHEMA.jobs
WHERE queue = $1 AND state = 'queued' AND (expires_at IS NULL OR expires_at > $3::timestamptz)
ORDER BY priority DESC, run_at, seq LIMIT $2::integer
FOR UPDATE SKIP LOCKED
