-- One row. Fails on an id that is there already.
INSERT INTO headrace_jobs
    (seq, id, task, queue, priority, state, run_at, wake_at, expires_at, timeout,
     attempt, max_attempts, claims, wakes, cancel, enqueued_at, partition, lane, step)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, 0, 0, 0, ?, ?, ?, ?)
