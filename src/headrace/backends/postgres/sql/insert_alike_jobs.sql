-- $1 the clock handed in, $2 ids and $3 payloads of plain jobs, and what they share: $4 task, $5 queue, $6 priority,
-- $7 max_attempts, $8 codec, $9 task_version. Stores none where the store has layouts, or where UNKNOWN does not hold:
-- `insert_jobs` sees to those. UNKNOWN stands for TRUE where the ids were made for these jobs, else for
-- jobs_above_ended.sql. One whose id is taken in `jobs` stays as it is.
-- Answers how many were stored, and which unless they are all.
WITH new AS MATERIALIZED (
    SELECT n.id::uuid AS id, n.payload, n.place
    FROM unnest($2::text[], $3::bytea[]) WITH ORDINALITY AS n(id, payload, place)
),
stored AS (
    INSERT INTO SCHEMA.jobs (
        id, task, queue, priority, state, run_at, max_attempts, enqueued_at, codec, payload, task_version)
    SELECT new.id, $4::text, $5::text, $6::smallint, 'queued', instant.now, $7::integer, instant.now, $8::text,
           new.payload, $9::integer
    FROM (SELECT coalesce($1::timestamptz, clock_timestamp()) AS now) AS instant, new
    WHERE NOT EXISTS (SELECT FROM SCHEMA.layouts)
      AND UNKNOWN
    ORDER BY new.place
    ON CONFLICT (id) DO NOTHING
    RETURNING id, enqueued_at
),
sum AS (SELECT count(*)::integer AS n, min(enqueued_at) AS at FROM stored),
tallied AS (
    INSERT INTO SCHEMA.tallies (at, queue, state, event, n)
    SELECT at, $5::text, 'queued', 'enqueued', n FROM sum WHERE n > 0
)
SELECT n, CASE WHEN n < cardinality($2::text[]) THEN (SELECT array_agg(id::text) FROM stored) END, TOLD FROM sum
