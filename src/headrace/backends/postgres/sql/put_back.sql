-- A pending job goes to where it stood: $1 id, $2 queue, $3 state, $4 priority, $5 attempt, $6 max_attempts, $7 run_at,
-- $8 wake_at, $9 expires_at, $10 tags, $11 reason, $12 cancel.
WITH before AS (SELECT queue, partition, task, lane FROM SCHEMA.jobs WHERE id = $1::uuid),
restored AS (
    UPDATE SCHEMA.jobs
    SET queue = $2, state = $3, priority = $4::smallint, attempt = $5::integer, max_attempts = $6::integer,
        run_at = $7::timestamptz, wake_at = $8::timestamptz, expires_at = $9::timestamptz, tags = $10::jsonb,
        reason = $11, cancel = $12::boolean,
        (lane, step) = (SELECT l.lane, l.step FROM before AS b, SCHEMA.lane_of($2, b.partition, b.task) AS l)
    WHERE id = $1::uuid
    RETURNING queue, lane
)
INSERT INTO SCHEMA.marks (queue, lane)
SELECT queue, lane FROM before WHERE lane IS NOT NULL
UNION
SELECT queue, lane FROM restored WHERE lane IS NOT NULL
