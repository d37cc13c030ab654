-- $1 the clock for times to live.
DELETE FROM SCHEMA.kv WHERE live_until <= coalesce($1::timestamptz, clock_timestamp())
