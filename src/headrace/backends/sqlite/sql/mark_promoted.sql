-- :seqs JSON array, :now.
UPDATE headrace_jobs
SET state = 'queued', wake_at = NULL, moved_at = :now
WHERE seq IN (SELECT value FROM json_each(:seqs))
