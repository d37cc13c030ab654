-- What a newer enqueue under the same unique key makes of jobs that have not begun: a column each, after $1 ids, and $2
-- states and $3 run_at as they were found. Answers the ids of those that were so still.
WITH new AS (
    SELECT n.*
    FROM unnest(
        $1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::smallint[], $7::timestamptz[],
        $8::timestamptz[], $9::interval[], $10::integer[], $11::text[], $12::bytea[], $13::integer[], $14::text[],
        $15::text[], $16::text[], $17::text[], $18::text[]) AS n(
        id, was, was_due, state, queue, priority, run_at, expires_at, timeout, max_attempts, codec, payload,
        task_version, trace, tags, meta, unique_policy, partition)
),
held AS MATERIALIZED (
    SELECT j.id, j.queue, j.lane
    FROM new AS n JOIN SCHEMA.jobs AS j ON j.id = ANY (ARRAY[n.id::uuid]) AND j.state = n.was AND j.run_at = n.was_due
    ORDER BY n.id::uuid
    FOR UPDATE OF j
),
replaced AS (
    UPDATE SCHEMA.jobs AS j
    SET state = n.state, queue = n.queue, priority = n.priority, run_at = n.run_at,
        wake_at = CASE WHEN n.state = 'scheduled' THEN n.run_at END, expires_at = n.expires_at, timeout = n.timeout,
        attempt = 0, max_attempts = n.max_attempts, codec = n.codec, payload = n.payload,
        task_version = n.task_version, trace = n.trace, tags = n.tags::jsonb, meta = n.meta::jsonb,
        unique_policy = n.unique_policy::jsonb, partition = n.partition,
        (lane, step) = (SELECT l.lane, l.step FROM SCHEMA.lane_of(n.queue, n.partition, j.task) AS l)
    FROM held AS h JOIN new AS n ON n.id::uuid = h.id
    WHERE j.id = ANY (ARRAY[h.id])
    RETURNING j.id, j.queue, j.lane
),
marked AS (
    INSERT INTO SCHEMA.marks (queue, lane)
    SELECT queue, lane FROM held WHERE lane IS NOT NULL
    UNION
    SELECT queue, lane FROM replaced WHERE lane IS NOT NULL
)
SELECT id::text FROM replaced
