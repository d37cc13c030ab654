-- $1 bucket, $2 prefix, $3 after, $4 the clock for times to live, $5 limit.
SELECT key, value, revision FROM SCHEMA.kv
WHERE bucket = $1 AND key >= $2 AND starts_with(key, $2) AND ($3::text IS NULL OR key > $3)
  AND (live_until IS NULL OR live_until > coalesce($4::timestamptz, clock_timestamp()))
ORDER BY key LIMIT $5::integer
