-- :queue, :task, :now, :limit. The lanes that are to be served first, as one JSON array.
-- Fields in the order of lanes.ReadyLane.
SELECT json_group_array(json_array(
    l.key, l.lane, l.turn, l.head, l.level, l.place,
    (SELECT count(*) FROM headrace_jobs AS r
     WHERE r.queue = :queue AND r.partition = l.key AND r.lane IS NOT NULL AND r.state = 'running'),
    EXISTS (SELECT 1 FROM headrace_jobs AS j
            WHERE j.seq = l.head AND (j.expires_at IS NULL OR j.expires_at > :now)),
    k.scope IS NOT NULL, k.concurrency, k.count, k.per, k.burst, b.full_at))
FROM (
    SELECT * FROM headrace_lanes
    WHERE queue = :queue AND task = :task AND ready = 1
    ORDER BY level, place
    LIMIT :limit
) AS l
LEFT JOIN headrace_limits AS k ON k.scope = 'key' AND k.name = :queue AND k.key = l.key
LEFT JOIN headrace_buckets AS b ON b.scope = 'key' AND b.name = :queue AND b.key = l.key
