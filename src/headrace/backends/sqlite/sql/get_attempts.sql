-- :id. The ended attempts, oldest first; the one that succeeded is told by the job's row.
SELECT a.number, a.outcome, a.worker, a.started_at, a.finished_at, a.error, a.cpu_us, a.peak_rss_bytes, a.claim
FROM headrace_attempts AS a
WHERE a.seq = (SELECT seq FROM headrace_jobs WHERE id = :id)
UNION ALL
SELECT j.attempt, 'succeeded', j.worker, j.started_at, j.finished_at, NULL, j.cpu_us, j.peak_rss_bytes, j.claims
FROM headrace_jobs AS j
WHERE j.id = :id AND j.state = 'succeeded'
ORDER BY 9
