-- What claims obey, as one JSON object: queues that are paused or have an order of their own, limits, and the queues in
-- which single keys have limits (found by leaps, since there may be many keys). Mostly there is nothing of the kind.
WITH RECURSIVE own (name) AS (
    SELECT min(name) FROM headrace_limits WHERE scope = 'key'
    UNION ALL
    SELECT (SELECT min(l.name) FROM headrace_limits AS l WHERE l.scope = 'key' AND l.name > own.name)
    FROM own WHERE own.name IS NOT NULL
)
SELECT iif(
    NOT EXISTS (SELECT 1 FROM headrace_limits)
    AND NOT EXISTS (SELECT 1 FROM headrace_queues WHERE paused = 1 OR fair = 1 OR ordered = 1 OR ageing IS NOT NULL),
    '{"queues":[],"limits":[],"own":[]}',
    json_object(
        'queues', json((SELECT json_group_array(json_array(name, paused, fair, ordered, ageing)) FROM headrace_queues
                        WHERE paused = 1 OR fair = 1 OR ordered = 1 OR ageing IS NOT NULL)),
        'limits', json((SELECT json_group_array(json_array(scope, name, concurrency, count, per, burst))
                        FROM headrace_limits WHERE scope IN ('store', 'queue', 'task', 'keys'))),
        'own', json((SELECT json_group_array(name) FROM own WHERE name IS NOT NULL))))
