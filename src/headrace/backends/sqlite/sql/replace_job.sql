-- :seq, :now and all that a newer enqueue under the same unique key changes of a job that has not begun.
UPDATE headrace_jobs
SET state = :state, queue = :queue, priority = :priority, run_at = :run_at, wake_at = :wake_at,
    expires_at = :expires_at, timeout = :timeout, max_attempts = :max_attempts, attempt = 0,
    partition = :partition, lane = NULL, step = NULL, moved_at = :now
WHERE seq = :seq
