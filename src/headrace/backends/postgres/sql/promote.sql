-- $1 the clock handed in, $2 limit, $3 the clock for rates. Scheduled jobs, and waiting ones whose limit has come, the
-- longest due first; and the queues for which a token has come.
WITH instant AS (SELECT coalesce($1::timestamptz, clock_timestamp()) AS now),
due AS MATERIALIZED (
    SELECT id, queue, state FROM SCHEMA.jobs
    WHERE wake_at <= (SELECT now FROM instant)
    ORDER BY wake_at, seq LIMIT $2::integer FOR UPDATE SKIP LOCKED
),
queued AS (
    UPDATE SCHEMA.jobs AS j SET state = 'queued', wake_at = NULL FROM due WHERE j.id = ANY (ARRAY[due.id])
    RETURNING j.id, due.queue, due.state, j.lane
),
marked AS (
    INSERT INTO SCHEMA.marks (queue, lane) SELECT DISTINCT queue, lane FROM queued WHERE lane IS NOT NULL
),
opened AS (
    DELETE FROM SCHEMA.openings WHERE at <= SCHEMA.microseconds(coalesce($3::timestamptz, clock_timestamp()))
    RETURNING queue
),
tallied AS (
    INSERT INTO SCHEMA.tallies (at, queue, state, n)
    SELECT instant.now, t.* FROM instant, (
        SELECT queue, state, -count(*)::integer FROM queued GROUP BY queue, state
        UNION ALL
        SELECT queue, 'queued', count(*)::integer FROM queued GROUP BY queue
    ) AS t
)
SELECT queue, count(*) FROM queued GROUP BY queue
UNION ALL
SELECT queue, 0 FROM opened
