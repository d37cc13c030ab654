-- Every queue that a job or a setting ever named.
SELECT n.name, coalesce(q.paused, 0), q.pause_reason, q.paused_at, q.retention, coalesce(q.fair, 0), coalesce(q.ordered, 0),
       q.ageing
FROM (SELECT queue AS name FROM headrace_counters UNION SELECT name FROM headrace_queues) AS n
LEFT JOIN headrace_queues AS q ON q.name = n.name
ORDER BY n.name
