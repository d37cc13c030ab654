-- $1 queue, $2 the instant, $3 whether it is ordered, $4 marks at most, $5 the clock for rates. How many marks were
-- taken, and what is to be known of lanes that were marked, for which a token came, or in which a job has expired, as one
-- JSON array. Fields in the order of layout.StaleLane. An ordered key has no more than one lane, and `strict` jobs in it.
-- A range of one value, and an order that begins with it, instead of an equality: see decision 64.
WITH marked AS (
    DELETE FROM SCHEMA.marks
    WHERE ctid = ANY (ARRAY(SELECT ctid FROM SCHEMA.marks WHERE queue = $1 LIMIT $4::integer))
    RETURNING lane
),
moved AS MATERIALIZED (
    SELECT lane FROM marked
    UNION
    SELECT lane FROM SCHEMA.lanes WHERE queue = $1 AND again
    UNION
    SELECT lane FROM (SELECT lane FROM SCHEMA.lanes WHERE queue = $1 AND opens_at IS NOT NULL AND opens_at <= $5::bigint
                      ORDER BY opens_at) AS opened
),
keys AS (SELECT DISTINCT split_part(lane, chr(31), 1) AS key FROM moved),
stale AS (
    SELECT lane, split_part(lane, chr(31), 1) AS key FROM moved
    UNION
    SELECT l.lane, keys.key FROM keys CROSS JOIN LATERAL (
        SELECT lane FROM SCHEMA.lanes WHERE queue = $1 AND key >= keys.key AND key <= keys.key ORDER BY key
    ) AS l
),
facts AS MATERIALIZED (
    SELECT s.key, s.lane, s.key <> '' AND $3::boolean AS strict,
           (SELECT max(o.turn) FROM (
                SELECT turn FROM SCHEMA.lanes WHERE queue = $1 AND key >= s.key AND key <= s.key ORDER BY key
            ) AS o) AS turn,
           CASE WHEN s.key <> '' AND $3::boolean THEN
               (SELECT seq FROM SCHEMA.jobs
                WHERE queue = $1 AND lane >= s.lane AND lane <= s.lane AND lane IS NOT NULL AND step IS NULL
                  AND state = 'queued'
                ORDER BY lane, seq LIMIT 1)
           ELSE
               (SELECT seq FROM SCHEMA.jobs
                WHERE queue = $1 AND lane = s.lane AND lane IS NOT NULL AND step IS NOT NULL AND state = 'queued'
                ORDER BY SCHEMA.rank_of(run_at, priority, step), seq LIMIT 1)
           END AS first,
           CASE WHEN s.key <> '' AND $3::boolean THEN
               (SELECT seq FROM SCHEMA.jobs
                WHERE queue = $1 AND lane >= s.lane AND lane <= s.lane AND lane IS NOT NULL AND step IS NULL
                ORDER BY lane, seq LIMIT 1)
           ELSE
               (SELECT seq FROM SCHEMA.jobs
                WHERE queue = $1 AND lane = s.lane AND lane IS NOT NULL AND step IS NOT NULL AND state = 'queued'
                  AND (expires_at IS NULL OR expires_at > $2::timestamptz)
                ORDER BY SCHEMA.rank_of(run_at, priority, step), seq LIMIT 1)
           END AS head,
           (SELECT count(*) FROM (
                SELECT FROM SCHEMA.jobs
                WHERE queue = $1 AND partition >= s.key AND partition <= s.key AND lane IS NOT NULL
                  AND partition IS NOT NULL AND state = 'running'
                ORDER BY partition
            ) AS r) AS running
    FROM stale AS s
)
SELECT (SELECT count(*) FROM marked), coalesce(json_agg(json_build_array(
    f.key, f.lane, f.strict::integer, f.turn, f.first, f.head, f.running, j.priority, SCHEMA.microseconds(j.run_at),
    j.task, j.state, SCHEMA.microseconds(j.expires_at), (k.scope IS NOT NULL)::integer, k.concurrency, k.count, k.per,
    k.burst, b.full_at)), '[]')::text
FROM facts AS f
LEFT JOIN LATERAL (SELECT * FROM SCHEMA.jobs WHERE seq = f.head LIMIT 1) AS j ON TRUE
LEFT JOIN LATERAL (SELECT * FROM SCHEMA.limits WHERE scope = 'key' AND name = $1 AND key = f.key LIMIT 1) AS k ON TRUE
LEFT JOIN LATERAL (SELECT * FROM SCHEMA.buckets WHERE scope = 'key' AND name = $1 AND key = f.key LIMIT 1) AS b ON TRUE
