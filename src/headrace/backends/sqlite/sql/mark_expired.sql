-- :seqs JSON array, :now.
UPDATE headrace_jobs
SET state = 'expired', finished_at = :now, wake_at = NULL
WHERE seq IN (SELECT value FROM json_each(:seqs))
