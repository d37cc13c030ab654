-- :queue, :now, :ordered, :limit. What is to be known of stale lanes, as one JSON array.
-- Fields in the order of lanes.StaleLane. An ordered key has no more than one lane, and `strict` jobs in it.
SELECT json_group_array(json_array(
    s.key, s.lane, s.strict, s.turn, s.first, s.head, s.running, j.priority, j.run_at, j.task, j.state,
    j.expires_at, k.scope IS NOT NULL, k.concurrency, k.count, k.per, k.burst, b.full_at))
FROM (
    SELECT l.key, l.lane, l.key <> '' AND :ordered AS strict,
           (SELECT max(o.turn) FROM headrace_lanes AS o WHERE o.queue = :queue AND o.key = l.key) AS turn,
           iif(l.key <> '' AND :ordered,
               (SELECT seq FROM headrace_jobs
                WHERE queue = :queue AND lane = l.lane AND lane IS NOT NULL AND step IS NULL
                  AND state IN ('scheduled', 'queued', 'waiting', 'running') AND state = 'queued'
                ORDER BY seq LIMIT 1),
               (SELECT seq FROM headrace_jobs
                WHERE queue = :queue AND lane = l.lane AND lane IS NOT NULL AND step IS NOT NULL AND state = 'queued'
                ORDER BY run_at - priority * step, seq LIMIT 1)) AS first,
           iif(l.key <> '' AND :ordered,
               (SELECT seq FROM headrace_jobs
                WHERE queue = :queue AND lane = l.lane AND lane IS NOT NULL AND step IS NULL
                  AND state IN ('scheduled', 'queued', 'waiting', 'running')
                ORDER BY seq LIMIT 1),
               (SELECT seq FROM headrace_jobs
                WHERE queue = :queue AND lane = l.lane AND lane IS NOT NULL AND step IS NOT NULL AND state = 'queued'
                  AND (expires_at IS NULL OR expires_at > :now)
                ORDER BY run_at - priority * step, seq LIMIT 1)) AS head,
           (SELECT count(*) FROM headrace_jobs
            WHERE queue = :queue AND partition = l.key AND lane IS NOT NULL AND state = 'running') AS running
    FROM headrace_lanes AS l
    WHERE l.queue = :queue AND l.stale > 0 AND l.stale = 1
    LIMIT :limit
) AS s
LEFT JOIN headrace_jobs AS j ON j.seq = s.head
LEFT JOIN headrace_limits AS k ON k.scope = 'key' AND k.name = :queue AND k.key = s.key
LEFT JOIN headrace_buckets AS b ON b.scope = 'key' AND b.name = :queue AND b.key = s.key
