-- :seq, :now. A person's retry: as if it had never been tried.
UPDATE headrace_jobs
SET state = 'queued', attempt = 0, run_at = :now, wake_at = NULL, expires_at = NULL, finished_at = NULL,
    reason = NULL, cancel = 0, lane = NULL, step = NULL, moved_at = :now
WHERE seq = :seq
