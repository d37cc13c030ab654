DELETE FROM headrace_results WHERE seq IN (SELECT value FROM json_each(:seqs))
