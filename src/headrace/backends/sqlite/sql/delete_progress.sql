DELETE FROM headrace_progress WHERE seq IN (SELECT value FROM json_each(:seqs))
