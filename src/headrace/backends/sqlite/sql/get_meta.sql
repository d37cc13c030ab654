SELECT value FROM headrace_meta WHERE key = ?
