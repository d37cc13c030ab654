-- A loose scan: one look at the index for each priority that a queue has jobs of, however many those are.
WITH RECURSIVE queues AS (
    (SELECT queue FROM SCHEMA.jobs WHERE state = 'queued' ORDER BY queue LIMIT 1)
    UNION ALL
    SELECT (SELECT j.queue FROM SCHEMA.jobs AS j WHERE j.state = 'queued' AND j.queue > q.queue ORDER BY j.queue LIMIT 1)
    FROM queues AS q WHERE q.queue IS NOT NULL
),
heads AS (
    SELECT q.queue, (SELECT j.priority FROM SCHEMA.jobs AS j WHERE j.queue = q.queue AND j.state = 'queued'
                     ORDER BY j.priority DESC LIMIT 1) AS priority
    FROM queues AS q WHERE q.queue IS NOT NULL
    UNION ALL
    SELECT h.queue, (SELECT j.priority FROM SCHEMA.jobs AS j
                     WHERE j.queue = h.queue AND j.state = 'queued' AND j.priority < h.priority
                     ORDER BY j.priority DESC LIMIT 1)
    FROM heads AS h WHERE h.priority IS NOT NULL
)
SELECT h.queue, min((SELECT j.run_at FROM SCHEMA.jobs AS j
                     WHERE j.queue = h.queue AND j.state = 'queued' AND j.priority = h.priority
                     ORDER BY j.run_at LIMIT 1))
FROM heads AS h WHERE h.priority IS NOT NULL GROUP BY h.queue
