-- :seqs JSON array, :until (monotonic).
UPDATE headrace_jobs SET lease_until = :until, silent_since = NULL WHERE seq IN (SELECT value FROM json_each(:seqs))
