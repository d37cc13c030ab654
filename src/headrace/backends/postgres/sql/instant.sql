-- $1 the clock handed in, or NULL.
SELECT coalesce($1::timestamptz, clock_timestamp())
