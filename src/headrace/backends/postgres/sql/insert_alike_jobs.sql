-- $1 the clock handed in, $2 ids and $3 payloads of plain jobs, and what they share: $4 task, $5 queue, $6 priority,
-- $7 max_attempts, $8 codec, $9 task_version. Stores none where the store has layouts, or jobs have ended whose ids are
-- not below all of these: `insert_jobs` sees to those. One whose id is taken in `jobs` stays as it is.
-- Answers how many were stored, and which unless they are all.
WITH new AS MATERIALIZED (
    SELECT n.id::uuid AS id, n.payload, n.place
    FROM unnest($2::text[], $3::bytea[]) WITH ORDINALITY AS n(id, payload, place)
),
least AS MATERIALIZED (SELECT id FROM new ORDER BY id LIMIT 1),
stored AS (
    INSERT INTO SCHEMA.jobs (
        id, task, queue, priority, state, run_at, max_attempts, enqueued_at, codec, payload, task_version)
    SELECT new.id, $4::text, $5::text, $6::smallint, 'queued', instant.now, $7::integer, instant.now, $8::text,
           new.payload, $9::integer
    FROM (SELECT coalesce($1::timestamptz, clock_timestamp()) AS now) AS instant, new
    WHERE NOT EXISTS (SELECT FROM SCHEMA.layouts)
      AND (SELECT e.id FROM SCHEMA.ended AS e WHERE e.id >= (SELECT id FROM least) ORDER BY e.id LIMIT 1) IS NULL
      AND (SELECT d.id FROM SCHEMA.succeeded AS d WHERE d.id >= (SELECT id FROM least) ORDER BY d.id LIMIT 1) IS NULL
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
