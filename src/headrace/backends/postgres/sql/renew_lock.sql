-- $1 name, $2 owner, $3 fence, $4 the clock for locks, $5 time to live.
UPDATE SCHEMA.locks SET held_until = coalesce($4::timestamptz, clock_timestamp()) + $5::interval
WHERE name = $1 AND owner = $2 AND fence = $3::bigint AND held_until > coalesce($4::timestamptz, clock_timestamp())
RETURNING fence
