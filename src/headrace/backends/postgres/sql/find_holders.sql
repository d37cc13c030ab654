-- $1 tasks, $2 unique keys, $3 states. For each key and state the job that carries the key and was enqueued last, the
-- newest first. One snapshot, in which each job is in one table.
SELECT w.task, w.key, h.id::text, h.state, h.queue, h.run_at, h.enqueued_at
FROM unnest($1::text[], $2::text[]) AS w(task, key)
CROSS JOIN unnest($3::text[]) AS s(state)
CROSS JOIN LATERAL (
    (SELECT j.id, j.state, j.queue, j.run_at, j.enqueued_at, j.seq FROM SCHEMA.jobs AS j
     WHERE s.state IN ('scheduled', 'queued', 'waiting', 'running')
       AND j.task = w.task AND j.unique_key = w.key AND j.state = s.state
     ORDER BY j.enqueued_at DESC, j.seq DESC LIMIT 1)
    UNION ALL
    (SELECT e.id, e.state, e.queue, e.run_at, e.enqueued_at, e.seq FROM SCHEMA.ended AS e
     WHERE s.state IN ('dead', 'cancelled', 'expired')
       AND e.task = w.task AND e.unique_key = w.key AND e.state = s.state
     ORDER BY e.enqueued_at DESC, e.seq DESC LIMIT 1)
    UNION ALL
    (SELECT d.id, 'succeeded', d.queue, d.run_at, d.enqueued_at, d.seq FROM SCHEMA.succeeded AS d
     WHERE s.state = 'succeeded' AND d.task = w.task AND d.unique_key = w.key
     ORDER BY d.enqueued_at DESC, d.seq DESC LIMIT 1)
) AS h
ORDER BY h.enqueued_at DESC, h.seq DESC
