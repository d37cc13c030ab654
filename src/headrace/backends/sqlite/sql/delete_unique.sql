DELETE FROM headrace_unique WHERE seq IN (SELECT value FROM json_each(:seqs))
