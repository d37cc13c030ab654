-- $1 the clock handed in, $2 the same for leases, $3 queues, $4 how many of each, $5 token, $6 worker, $7 lease.
-- Rows come in any order; place, priority, run_at and seq tell it.
WITH instant AS (
    SELECT coalesce($1::timestamptz, clock_timestamp()) AS now, coalesce($2::timestamptz, clock_timestamp()) AS mono
),
picked AS MATERIALIZED (
    SELECT c.id, w.place
    FROM unnest($3::text[], $4::integer[]) WITH ORDINALITY AS w(queue, wanted, place)
    CROSS JOIN LATERAL (
        SELECT j.id
        FROM SCHEMA.jobs AS j
        WHERE j.queue = w.queue AND j.state = 'queued'
          AND (j.expires_at IS NULL OR j.expires_at > (SELECT now FROM instant))
        ORDER BY j.priority DESC, j.run_at, j.seq
        LIMIT w.wanted
        FOR UPDATE SKIP LOCKED
    ) AS c
    WHERE NOT EXISTS (SELECT FROM SCHEMA.queues AS q WHERE q.name = w.queue AND q.paused)
),
claimed AS (
    UPDATE SCHEMA.jobs AS j
    SET state = 'running', attempt = j.attempt + 1, claims = j.claims + 1, token = $5, worker = $6,
        lease_until = instant.mono + $7::interval, started_at = instant.now
    FROM picked AS p, instant
    WHERE j.id = p.id
    RETURNING p.place, j.*
),
tallied AS (
    INSERT INTO SCHEMA.tallies (at, queue, state, event, n)
    SELECT instant.now, t.queue, t.state, t.event, t.n * t.sign
    FROM instant, (
        SELECT c.queue, s.state, s.event, count(*)::integer AS n, s.sign
        FROM claimed AS c, (VALUES ('queued', NULL, -1), ('running', NULL, 1), (NULL, 'claimed', 1)) AS s(state, event, sign)
        GROUP BY c.queue, s.state, s.event, s.sign
    ) AS t
)
SELECT c.place, c.seq, c.id::text, c.task, c.payload, c.codec, c.queue, c.priority, c.attempt, c.max_attempts, c.claims,
       c.enqueued_at, c.run_at, c.timeout, c.expires_at, c.started_at, c.tags::text, c.meta::text, c.trace,
       c.task_version, c.idempotency_key, c.wakes, c.reason, c.error::text
FROM claimed AS c
