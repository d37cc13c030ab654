-- $1 queue, $2 tasks ('' for lanes without a limited one), $3 the instant, $4 how many of each. The lanes that are to be
-- served first, with their tasks, as one JSON array. Fields in the order of layout.ReadyLane.
SELECT coalesce(json_agg(json_build_array(t.task, json_build_array(
    l.key, l.lane, l.turn, l.head, l.level, l.place,
    (SELECT count(*) FROM (
         SELECT FROM SCHEMA.jobs
         WHERE queue = $1 AND partition >= l.key AND partition <= l.key AND lane IS NOT NULL
           AND partition IS NOT NULL AND state = 'running'
         ORDER BY partition
     ) AS r),
    (SELECT count(*) FROM SCHEMA.jobs AS j
     WHERE j.seq = l.head AND (j.expires_at IS NULL OR j.expires_at > $3::timestamptz)),
    (k.scope IS NOT NULL)::integer, k.concurrency, k.count, k.per, k.burst, b.full_at))), '[]')::text
FROM unnest($2::text[]) AS t(task)
CROSS JOIN LATERAL (
    SELECT * FROM SCHEMA.lanes AS o WHERE o.queue = $1 AND o.task = t.task AND o.ready
    ORDER BY o.level, o.place LIMIT $4::integer
) AS l
LEFT JOIN LATERAL (SELECT * FROM SCHEMA.limits WHERE scope = 'key' AND name = $1 AND key = l.key LIMIT 1) AS k ON TRUE
LEFT JOIN LATERAL (SELECT * FROM SCHEMA.buckets WHERE scope = 'key' AND name = $1 AND key = l.key LIMIT 1) AS b ON TRUE
