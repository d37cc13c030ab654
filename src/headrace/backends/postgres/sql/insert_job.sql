-- $1 the clock handed in, then the columns of the new job. One whose id is taken stays as it is. Answers the state it
-- begins in, or no row. `insert_jobs` for a single job: without arrays it takes two thirds of the time, and on a
-- connection of the caller's, PostgreSQL comes to plan it once and not each time.
WITH instant AS MATERIALIZED (SELECT coalesce($1::timestamptz, clock_timestamp()) AS now),
new AS MATERIALIZED (
    SELECT now, CASE WHEN $7::interval IS NOT NULL THEN SCHEMA.later(now, $7::interval)
                     ELSE coalesce($6::timestamptz, now) END AS due
    FROM instant
),
stored AS (
    INSERT INTO SCHEMA.jobs (
        id, task, queue, priority, state, run_at, wake_at, expires_at, timeout, max_attempts, enqueued_at, codec,
        payload, task_version, idempotency_key, trace, tags, meta, unique_key, unique_policy, partition, lane, step)
    SELECT $2::text::uuid, $3::text, $4::text, $5::smallint, CASE WHEN due <= now THEN 'queued' ELSE 'scheduled' END,
           due, CASE WHEN due > now THEN due END,
           CASE WHEN $9::interval IS NOT NULL THEN SCHEMA.later(now, $9::interval) ELSE $8::timestamptz END,
           $10::interval, $11::integer, now, $12::text, $13::bytea, $14::integer, $15::text, $16::text,
           $17::text::jsonb, $18::text::jsonb, $19::text, $20::text::jsonb, $21::text, l.lane, l.step
    FROM new LEFT JOIN LATERAL SCHEMA.lane_of($4::text, $21::text, $3::text) AS l ON TRUE
    WHERE NOT EXISTS (SELECT FROM SCHEMA.ended AS e WHERE e.id = $2::text::uuid)
      AND NOT EXISTS (SELECT FROM SCHEMA.succeeded AS d WHERE d.id = $2::text::uuid)
    ON CONFLICT (id) DO NOTHING
    RETURNING queue, state, lane
),
marked AS (
    INSERT INTO SCHEMA.marks (queue, lane)
    SELECT queue, lane FROM stored WHERE lane IS NOT NULL AND state = 'queued'
),
tallied AS (
    INSERT INTO SCHEMA.tallies (at, queue, state, event, n)
    SELECT now, queue, state, 'enqueued', 1 FROM instant, stored
)
SELECT state FROM stored
