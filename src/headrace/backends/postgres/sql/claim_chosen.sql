-- $1 the clock handed in, $2 the same for leases, $3 jobs by seq, locked before, $4 token, $5 worker, $6 lease.
-- Answers what `claim` does, in any order.
WITH instant AS (
    SELECT coalesce($1::timestamptz, clock_timestamp()) AS now, coalesce($2::timestamptz, clock_timestamp()) AS mono
),
claimed AS (
    UPDATE SCHEMA.jobs AS j
    SET state = 'running', attempt = j.attempt + 1, claims = j.claims + 1, token = $4, worker = $5,
        lease_until = instant.mono + $6::interval, started_at = instant.now
    FROM instant
    WHERE j.seq = ANY ($3::bigint[])
    RETURNING j.*
),
marked AS (
    INSERT INTO SCHEMA.marks (queue, lane) SELECT DISTINCT queue, lane FROM claimed WHERE lane IS NOT NULL
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
       c.idempotency_key, c.unique_key, c.wakes, c.reason, c.error::text, c.partition
FROM claimed AS c
