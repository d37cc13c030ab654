-- :seqs JSON array, :now.
UPDATE headrace_jobs
SET state = 'succeeded', finished_at = :now, token = NULL, lease_until = NULL, silent_since = NULL
WHERE seq IN (SELECT value FROM json_each(:seqs))
