SELECT expires_at FROM headrace_jobs
WHERE expires_at IS NOT NULL AND state IN ('scheduled', 'queued', 'waiting')
ORDER BY expires_at LIMIT 1
