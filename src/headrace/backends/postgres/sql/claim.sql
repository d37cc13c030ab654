-- $1 the clock handed in, $2 the same for leases, $3 queues, $4 how many of each, $5 token, $6 worker, $7 lease.
-- NEXT stands for one of claim_first.sql and claim_beyond.sql. Rows come in any order; queue, priority, run_at and seq
-- tell it.
-- The rows to change are named by where they lie: they were locked in this statement, so none of them can have moved.
-- Looking each up by its id again would cost as much as changing it.
-- The last columns are the same in each row, and are in a row of their own where nothing is claimed: how long it took
-- to find the jobs, and the queues that have a layout, which are left out here.
-- Instants come as seconds since 1970, of which a driver makes a number in a tenth of the time of a datetime.
-- A claim need not reach the disk before it is answered: see decision 47.
WITH instant AS (
    SELECT coalesce($1::timestamptz, clock_timestamp()) AS now, coalesce($2::timestamptz, clock_timestamp()) AS mono
    FROM set_config('synchronous_commit', 'off', true)
),
picked AS MATERIALIZED (
    SELECT c.ctid AS place
    FROM unnest($3::text[], $4::integer[]) AS w(queue, wanted)
    CROSS JOIN LATERAL (
        NEXT
    ) AS c
    WHERE NOT EXISTS (SELECT FROM SCHEMA.queues AS q WHERE q.name = w.queue AND q.paused)
      AND NOT EXISTS (SELECT FROM SCHEMA.layouts AS l WHERE l.queue IN (w.queue, ''))
),
walked AS MATERIALIZED (
    SELECT extract(epoch FROM clock_timestamp() - statement_timestamp())::float8 AS seconds
    FROM (SELECT count(*) FROM picked) AS done
),
claimed AS (
    UPDATE SCHEMA.jobs AS j
    SET state = 'running', attempt = j.attempt + 1, claims = j.claims + 1, token = $5, worker = $6,
        lease_until = instant.mono + $7::interval, started_at = instant.now
    FROM instant
    WHERE j.ctid = ANY (ARRAY(SELECT place FROM picked))
    RETURNING j.queue, j.seq, j.id, j.task, j.payload, j.codec, j.priority, j.attempt, j.max_attempts, j.claims,
              j.task_version, j.enqueued_at, j.run_at, j.started_at, j.timeout, j.expires_at, j.tags, j.meta, j.trace,
              j.idempotency_key, j.unique_key, j.wakes, j.reason, j.error, j.partition
),
tallied AS (
    INSERT INTO SCHEMA.tallies (at, queue, state, event, n)
    SELECT instant.now, t.queue, s.state, s.event, t.n * s.sign
    FROM instant, (SELECT queue, count(*)::integer AS n FROM claimed GROUP BY queue) AS t,
         (VALUES ('queued', NULL, -1), ('running', 'claimed', 1)) AS s(state, event, sign)
)
SELECT c.seq, c.id::text, c.task, c.payload, c.codec, c.queue, c.priority, c.attempt, c.max_attempts, c.claims,
       c.task_version, date_part('epoch', c.enqueued_at), date_part('epoch', c.run_at),
       date_part('epoch', c.started_at), c.timeout, c.expires_at, c.tags::text, c.meta::text, c.trace,
       c.idempotency_key, c.unique_key, c.wakes, c.reason, c.error::text, c.partition, walked.seconds, h.queues
FROM (SELECT array_agg(w.queue) AS queues FROM unnest($3::text[]) AS w(queue)
      WHERE EXISTS (SELECT FROM SCHEMA.layouts AS l WHERE l.queue IN (w.queue, ''))) AS h
CROSS JOIN walked
LEFT JOIN claimed AS c ON TRUE
