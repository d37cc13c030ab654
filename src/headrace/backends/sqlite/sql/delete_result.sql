DELETE FROM headrace_results WHERE seq = ?
