-- A loose scan: one look at the index for each queue that has anything queued.
WITH RECURSIVE q AS (
    (SELECT queue FROM SCHEMA.jobs WHERE state = 'queued' ORDER BY queue LIMIT 1)
    UNION ALL
    SELECT (SELECT j.queue FROM SCHEMA.jobs AS j WHERE j.state = 'queued' AND j.queue > q.queue ORDER BY j.queue LIMIT 1)
    FROM q WHERE q.queue IS NOT NULL
)
SELECT q.queue, (SELECT min(j.run_at) FROM SCHEMA.jobs AS j WHERE j.queue = q.queue AND j.state = 'queued')
FROM q WHERE q.queue IS NOT NULL
