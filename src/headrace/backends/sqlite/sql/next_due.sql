SELECT wake_at FROM headrace_jobs WHERE wake_at IS NOT NULL ORDER BY wake_at LIMIT 1
