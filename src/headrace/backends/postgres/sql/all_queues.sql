SELECT q.name, coalesce(s.paused, false), s.pause_reason, s.paused_at, s.retention::text,
       coalesce(s.fair, false), coalesce(s.ordered, false), s.ageing
FROM (
    SELECT name FROM SCHEMA.queues
    UNION SELECT queue FROM SCHEMA.counters
    UNION SELECT queue FROM SCHEMA.tallies
) AS q(name)
LEFT JOIN SCHEMA.queues AS s ON s.name = q.name
ORDER BY q.name COLLATE "C"
