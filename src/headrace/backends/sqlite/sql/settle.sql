-- :seq and everything that an outcome other than Completed decides; :fingerprint NULL keeps the one there is.
-- Answers whether the job may expire where it is now.
UPDATE headrace_jobs
SET state = :state, attempt = :attempt, run_at = :run_at, wake_at = :wake_at, finished_at = :finished_at,
    reason = :reason, fingerprint = coalesce(:fingerprint, fingerprint), cancel = :cancel, token = NULL,
    lease_until = NULL, silent_since = NULL, moved_at = :moved_at
WHERE seq = :seq
RETURNING expires_at IS NOT NULL AND finished_at IS NULL
