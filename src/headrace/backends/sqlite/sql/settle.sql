-- :seq and everything that an outcome other than Completed decides; :fingerprint NULL keeps the one there is.
UPDATE headrace_jobs
SET state = :state, attempt = :attempt, run_at = :run_at, wake_at = :wake_at, finished_at = :finished_at,
    reason = :reason, fingerprint = coalesce(:fingerprint, fingerprint), cancel = :cancel, token = NULL,
    lease_until = NULL, silent_since = NULL, moved_at = :moved_at
WHERE seq = :seq
