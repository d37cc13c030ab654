UPDATE headrace_jobs SET state = 'queued', wake_at = NULL WHERE seq IN (SELECT value FROM json_each(:seqs))
