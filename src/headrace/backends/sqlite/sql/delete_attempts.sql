DELETE FROM headrace_attempts WHERE seq IN (SELECT value FROM json_each(:seqs))
