-- $1 the clock handed in, $2 after which instant, or NULL. When the next open job expires, and whether that has come.
SELECT expires_at, expires_at <= coalesce($1::timestamptz, clock_timestamp()) FROM SCHEMA.jobs
WHERE expires_at > coalesce($2::timestamptz, '-infinity') AND expires_at IS NOT NULL AND state <> 'running'
ORDER BY expires_at LIMIT 1
