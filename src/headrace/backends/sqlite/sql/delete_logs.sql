DELETE FROM headrace_logs WHERE seq IN (SELECT value FROM json_each(:seqs))
