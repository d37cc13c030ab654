-- One row of seq and id, of plain jobs that share all else: task, queue, priority, run_at, max_attempts, enqueued_at.
-- Fails on an id that is there already.
INSERT INTO headrace_jobs
    (seq, id, task, queue, priority, state, run_at, attempt, max_attempts, claims, wakes, cancel, enqueued_at)
SELECT v.column1, v.column2, ?, ?, ?, 'queued', ?, 0, ?, 0, 0, 0, ?
FROM (VALUES (?, ?)) AS v
