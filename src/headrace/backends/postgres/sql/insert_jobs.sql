-- $1 the clock handed in, then a column of the new jobs each. A job whose id is taken stays as it is.
-- Answers the ids that were stored and the states they begin in.
WITH instant AS (SELECT coalesce($1::timestamptz, clock_timestamp()) AS now),
new AS (
    SELECT n.*, instant.now,
           CASE WHEN n.delay IS NOT NULL THEN SCHEMA.later(instant.now, n.delay)
                ELSE coalesce(n.run_at, instant.now) END AS due
    FROM instant, unnest(
        $2::text[], $3::text[], $4::text[], $5::smallint[], $6::timestamptz[], $7::interval[], $8::timestamptz[],
        $9::interval[], $10::interval[], $11::integer[], $12::text[], $13::bytea[], $14::integer[], $15::text[],
        $16::text[], $17::text[], $18::text[], $19::text[], $20::text[], $21::text[]) WITH ORDINALITY AS n(
        id, task, queue, priority, run_at, delay, expires_at, expires_in, timeout, max_attempts, codec, payload,
        task_version, idempotency_key, trace, tags, meta, unique_key, unique_policy, partition, place)
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
    WHERE NOT EXISTS (SELECT FROM SCHEMA.ended AS e WHERE e.id = n.id::uuid)
      AND NOT EXISTS (SELECT FROM SCHEMA.succeeded AS d WHERE d.id = n.id::uuid)
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
    SELECT instant.now, t.queue, t.state, t.event, t.n
    FROM instant, (
        SELECT queue, state, NULL AS event, count(*)::integer AS n FROM stored GROUP BY queue, state
        UNION ALL
        SELECT queue, NULL, 'enqueued', count(*)::integer FROM stored GROUP BY queue
    ) AS t
)
SELECT id::text, queue, state FROM stored
