-- :seq, :state, :queue, :run_at, :wake_at, :now; :priority and :max_attempts or NULL; :expires_at where :set_expiry.
UPDATE headrace_jobs
SET state = :state, queue = :queue, run_at = :run_at, wake_at = :wake_at,
    priority = coalesce(:priority, priority), max_attempts = coalesce(:max_attempts, max_attempts),
    lane = NULL, step = NULL, moved_at = :now, expires_at = iif(:set_expiry, :expires_at, expires_at)
WHERE seq = :seq
