-- The seq of a job. Fields in the order of verbs.restore.Found.
SELECT j.state, j.claims, j.queue, j.priority, j.attempt, j.max_attempts, j.run_at, j.expires_at, j.finished_at,
       json(b.tags), j.reason, j.cancel
FROM headrace_jobs AS j
CROSS JOIN headrace_bodies AS b ON b.seq = j.seq
WHERE j.seq = ?
