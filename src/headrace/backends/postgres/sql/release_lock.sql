-- $1 name, $2 owner, $3 fence, $4 the clock for locks.
UPDATE SCHEMA.locks SET owner = NULL
WHERE name = $1 AND owner = $2 AND fence = $3::bigint AND held_until > coalesce($4::timestamptz, clock_timestamp())
RETURNING fence
