UPDATE headrace_jobs SET lease_until = 0, silent_since = NULL WHERE state = 'running'
