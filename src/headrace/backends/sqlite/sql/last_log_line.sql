SELECT coalesce(max(n), 0) FROM headrace_logs WHERE seq = ?
