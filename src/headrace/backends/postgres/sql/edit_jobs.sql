-- $1 id, $2 queue, $3 state, $4 priority or NULL, $5 run_at, $6 wake_at, $7 max_attempts or NULL, $8 whether to set
-- $9 expires_at, $10 payload or NULL, $11 tags, $12 whether, $13 meta, $14 whether, $15 task_version or NULL.
WITH before AS (SELECT queue, partition, task, lane FROM SCHEMA.jobs WHERE id = $1::uuid),
edited AS (
    UPDATE SCHEMA.jobs
    SET queue = $2, wake_at = $6::timestamptz, state = $3, priority = coalesce($4::smallint, priority),
        run_at = $5::timestamptz, max_attempts = coalesce($7::integer, max_attempts),
        expires_at = CASE WHEN $8::boolean THEN $9::timestamptz ELSE expires_at END,
        payload = coalesce($10::bytea, payload), task_version = coalesce($15::integer, task_version),
        tags = CASE WHEN $12::boolean THEN $11::jsonb ELSE tags END,
        meta = CASE WHEN $14::boolean THEN $13::jsonb ELSE meta END,
        (lane, step) = (SELECT l.lane, l.step FROM before AS b, SCHEMA.lane_of($2, b.partition, b.task) AS l)
    WHERE id = $1::uuid
    RETURNING queue, lane
)
INSERT INTO SCHEMA.marks (queue, lane)
SELECT queue, lane FROM before WHERE lane IS NOT NULL
UNION
SELECT queue, lane FROM edited WHERE lane IS NOT NULL
