-- :seqs JSON array, :token, :worker, :until (monotonic), :now.
UPDATE headrace_jobs
SET state = 'running', attempt = attempt + 1, claims = claims + 1, token = :token, worker = :worker,
    lease_until = :until, silent_since = NULL, started_at = :now
WHERE seq IN (SELECT value FROM json_each(:seqs))
