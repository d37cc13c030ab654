-- $1 queue, $2 lanes, $3 the instant, $4 how many of each, $5 what a level of priority is worth. The next jobs of lanes,
-- locked: of an ordered key its head, if it may begin. What another transaction is working on is left out.
-- A subquery for the state, lest an index of all that is queued seems to be of use: see decision 64.
SELECT l.lane, j.seq, j.rank, j.priority
FROM unnest($2::text[]) AS l(lane)
CROSS JOIN LATERAL (
    SELECT o.seq, SCHEMA.rank_of(o.run_at, o.priority, o.step) AS rank, o.priority
    FROM SCHEMA.jobs AS o
    WHERE o.queue = $1 AND o.lane = l.lane AND o.lane IS NOT NULL AND o.step IS NOT NULL AND o.state = 'queued'
      AND (o.expires_at IS NULL OR o.expires_at > $3::timestamptz)
    ORDER BY SCHEMA.rank_of(o.run_at, o.priority, o.step), o.seq LIMIT $4::integer
    FOR UPDATE SKIP LOCKED
) AS j
UNION ALL
SELECT l.lane, j.seq, j.rank, j.priority
FROM unnest($2::text[]) AS l(lane)
CROSS JOIN LATERAL (
    SELECT o.seq, SCHEMA.rank_of(o.run_at, o.priority, $5::bigint) AS rank, o.priority
    FROM SCHEMA.jobs AS o
    WHERE o.seq = (SELECT f.seq FROM SCHEMA.jobs AS f
                   WHERE f.queue = $1 AND f.lane >= l.lane AND f.lane <= l.lane AND f.lane IS NOT NULL AND f.step IS NULL
                   ORDER BY f.lane, f.seq LIMIT 1)
      AND o.state = (SELECT 'queued') AND (o.expires_at IS NULL OR o.expires_at > $3::timestamptz)
    FOR UPDATE SKIP LOCKED
) AS j
ORDER BY rank, seq
