-- $1 the clock handed in, $2 limit, $3 the clock for rates. Scheduled jobs, and waiting ones whose limit has come, the
-- longest due first; and the queues for which a token has come. The first row says when to come again: when the next job
-- is due, or a token comes for a claim that was held back. Jobs that are due and locked by another session do not count:
-- the leader would come again and again until that session is done.
WITH instant AS MATERIALIZED (
    SELECT coalesce($1::timestamptz, clock_timestamp()) AS now,
           SCHEMA.microseconds(coalesce($3::timestamptz, clock_timestamp())) AS mono
),
due AS MATERIALIZED (
    SELECT id, queue, state, wake_at FROM SCHEMA.jobs
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
    DELETE FROM SCHEMA.openings WHERE at <= (SELECT mono FROM instant) RETURNING queue
),
tallied AS (
    INSERT INTO SCHEMA.tallies (at, queue, state, n)
    SELECT instant.now, t.* FROM instant, (
        SELECT queue, state, -count(*)::integer FROM queued GROUP BY queue, state
        UNION ALL
        SELECT queue, 'queued', count(*)::integer FROM queued GROUP BY queue
    ) AS t
)
SELECT least(
    CASE WHEN (SELECT count(*) FROM due) < $2::integer
        THEN (SELECT wake_at FROM SCHEMA.jobs WHERE wake_at > (SELECT now FROM instant) ORDER BY wake_at LIMIT 1)
        ELSE (SELECT wake_at FROM SCHEMA.jobs WHERE wake_at >= (SELECT min(wake_at) FROM due)
              ORDER BY wake_at OFFSET $2::integer LIMIT 1)
    END,
    (SELECT now + (min(at) - mono) * interval '1 microsecond' FROM instant, SCHEMA.openings WHERE at > mono
     GROUP BY now, mono)), NULL, 0
UNION ALL
SELECT NULL, queue, count(*) FROM queued GROUP BY queue
UNION ALL
SELECT NULL, queue, 0 FROM opened
