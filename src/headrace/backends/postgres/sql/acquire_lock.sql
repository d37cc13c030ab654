-- $1 name, $2 owner, $3 the clock for locks, $4 time to live.
INSERT INTO SCHEMA.locks AS l (name, owner, fence, held_until)
VALUES ($1, $2, 1, coalesce($3::timestamptz, clock_timestamp()) + $4::interval)
ON CONFLICT (name) DO UPDATE
SET owner = excluded.owner, fence = l.fence + 1, held_until = excluded.held_until
WHERE l.owner IS NULL OR l.owner = excluded.owner OR l.held_until <= coalesce($3::timestamptz, clock_timestamp())
RETURNING fence
