-- An ended job goes to where it stood: $1 id, $2 queue, $3 state, $4 priority, $5 attempt, $6 max_attempts, $7 run_at,
-- $8 expires_at, $9 tags, $10 reason, $11 cancel, $12 finished_at.
UPDATE SCHEMA.ended
SET queue = $2, state = $3, priority = $4::smallint, attempt = $5::integer, max_attempts = $6::integer,
    run_at = $7::timestamptz, expires_at = $8::timestamptz, tags = $9::jsonb, reason = $10, cancel = $11::boolean,
    finished_at = $12::timestamptz
WHERE id = $1::uuid
