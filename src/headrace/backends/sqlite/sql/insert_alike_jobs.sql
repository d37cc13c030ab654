-- The last seq, what the jobs share (task, queue, priority, run_at, max_attempts, enqueued_at), and an array of their
-- ids. Fails on an id that is there already.
INSERT INTO headrace_jobs
    (seq, id, task, queue, priority, state, run_at, attempt, max_attempts, claims, wakes, cancel, enqueued_at)
SELECT ? + ids.rowid, ids.value, ?, ?, ?, 'queued', ?, 0, ?, 0, 0, 0, ?
FROM carray(?) AS ids
