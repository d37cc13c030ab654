-- :seq, :reason, :now.
UPDATE headrace_jobs
SET state = 'cancelled', reason = :reason, finished_at = :now, wake_at = NULL
WHERE seq = :seq
