SELECT c.queue, (SELECT min(j.run_at) FROM headrace_jobs AS j WHERE j.queue = c.queue AND j.state = 'queued')
FROM headrace_counters AS c
WHERE c.state = 'queued' AND c.n > 0
