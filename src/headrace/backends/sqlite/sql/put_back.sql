-- :seq, :now, and where the job stood before a change.
UPDATE headrace_jobs
SET state = :state, queue = :queue, priority = :priority, attempt = :attempt, max_attempts = :max_attempts,
    run_at = :run_at, wake_at = :wake_at, expires_at = :expires_at, finished_at = :finished_at, reason = :reason,
    cancel = :cancel, lane = NULL, step = NULL, moved_at = :now
WHERE seq = :seq
