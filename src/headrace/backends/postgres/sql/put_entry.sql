-- $1 bucket, $2 key, $3 value, $4 revision, $5 the clock for times to live, $6 time to live or NULL.
INSERT INTO SCHEMA.kv (bucket, key, value, revision, live_until)
VALUES ($1, $2, $3::bytea, $4::bigint, SCHEMA.later(coalesce($5::timestamptz, clock_timestamp()), $6::interval))
ON CONFLICT (bucket, key) DO UPDATE
SET value = excluded.value, revision = excluded.revision, live_until = excluded.live_until
