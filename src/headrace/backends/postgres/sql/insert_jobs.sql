-- $1 the clock handed in, then a column of the new jobs each. One that is NULL in all jobs is NULL itself; one that must
-- not be NULL and is the same in all may hold it once. A job whose id is taken stays as it is.
-- Answers the ids that were stored and the states they begin in.
WITH instant AS (SELECT coalesce($1::timestamptz, clock_timestamp()) AS now),
new AS (
    SELECT n.id, n.run_at, n.delay, n.expires_at, n.expires_in, n.timeout, n.payload, n.idempotency_key, n.trace, n.tags,
           n.meta, n.unique_key, n.unique_policy, n.partition, n.place,
           coalesce(n.task, ($3::text[])[1]) AS task,
           coalesce(n.queue, ($4::text[])[1]) AS queue,
           coalesce(n.priority, ($5::smallint[])[1]) AS priority,
           coalesce(n.max_attempts, ($11::integer[])[1]) AS max_attempts,
           coalesce(n.codec, ($12::text[])[1]) AS codec,
           coalesce(n.task_version, ($14::integer[])[1]) AS task_version,
           instant.now,
           CASE WHEN n.delay IS NOT NULL THEN SCHEMA.later(instant.now, n.delay)
                ELSE coalesce(n.run_at, instant.now) END AS due
    FROM instant, unnest(
        $2::text[], $3::text[], $4::text[], $5::smallint[], $6::timestamptz[], $7::interval[], $8::timestamptz[],
        $9::interval[], $10::interval[], $11::integer[], $12::text[], $13::bytea[], $14::integer[], $15::text[],
        $16::text[], $17::text[], $18::text[], $19::text[], $20::text[], $21::text[]) WITH ORDINALITY AS n(
        id, task, queue, priority, run_at, delay, expires_at, expires_in, timeout, max_attempts, codec, payload,
        task_version, idempotency_key, trace, tags, meta, unique_key, unique_policy, partition, place)
),
-- Ids grow with time: those of jobs that have ended are before all of the new ones, or else they are looked up.
before AS MATERIALIZED (
    SELECT (SELECT e.id FROM SCHEMA.ended AS e WHERE e.id >= f.id ORDER BY e.id LIMIT 1) IS NULL
       AND (SELECT d.id FROM SCHEMA.succeeded AS d WHERE d.id >= f.id ORDER BY d.id LIMIT 1) IS NULL AS all_ended
    FROM (SELECT id::uuid FROM new ORDER BY id::uuid LIMIT 1) AS f
),
stored AS (
    INSERT INTO SCHEMA.jobs (
        id, task, queue, priority, state, run_at, wake_at, expires_at, timeout, max_attempts, enqueued_at, codec,
        payload, task_version, idempotency_key, trace, tags, meta, unique_key, unique_policy, partition, lane, step)
    SELECT id::uuid, task, queue, priority, CASE WHEN due <= now THEN 'queued' ELSE 'scheduled' END, due,
           CASE WHEN due > now THEN due END,
           CASE WHEN expires_in IS NOT NULL THEN SCHEMA.later(now, expires_in) ELSE expires_at END, timeout,
           max_attempts, now,
           codec, payload, task_version, idempotency_key, trace, tags::jsonb, meta::jsonb, unique_key,
           unique_policy::jsonb, partition, l.lane, l.step
    FROM new AS n LEFT JOIN LATERAL SCHEMA.lane_of(n.queue, n.partition, n.task) AS l ON TRUE
    WHERE (SELECT all_ended FROM before)
       OR (NOT EXISTS (SELECT FROM SCHEMA.ended AS e WHERE e.id = ANY (ARRAY[n.id::uuid]))
           AND NOT EXISTS (SELECT FROM SCHEMA.succeeded AS d WHERE d.id = ANY (ARRAY[n.id::uuid])))
    ORDER BY place
    ON CONFLICT (id) DO NOTHING
    RETURNING id, queue, state, lane
),
marked AS (
    INSERT INTO SCHEMA.marks (queue, lane)
    SELECT DISTINCT queue, lane FROM stored WHERE lane IS NOT NULL AND state = 'queued'
),
tallied AS (
    INSERT INTO SCHEMA.tallies (at, queue, state, event, n)
    SELECT instant.now, t.queue, t.state, 'enqueued', t.n
    FROM instant, (SELECT queue, state, count(*)::integer AS n FROM stored GROUP BY queue, state) AS t
)
SELECT id::text, queue, state FROM stored
