-- A loose scan: one look at the index for each priority that a queue has jobs of, however many those are.
WITH RECURSIVE heads (queue, priority) AS (
    SELECT c.queue, (SELECT j.priority FROM headrace_jobs AS j WHERE j.queue = c.queue AND j.state = 'queued'
                     ORDER BY j.priority DESC LIMIT 1)
    FROM headrace_counters AS c
    WHERE c.state = 'queued' AND c.n > 0
    UNION ALL
    SELECT head.queue, (SELECT j.priority FROM headrace_jobs AS j
                     WHERE j.queue = head.queue AND j.state = 'queued' AND j.priority < head.priority
                     ORDER BY j.priority DESC LIMIT 1)
    FROM heads AS head
    WHERE head.priority IS NOT NULL
)
SELECT head.queue, min((SELECT j.run_at FROM headrace_jobs AS j
                     WHERE j.queue = head.queue AND j.state = 'queued' AND j.priority = head.priority
                     ORDER BY j.run_at LIMIT 1))
FROM heads AS head
WHERE head.priority IS NOT NULL
GROUP BY head.queue
