-- :now, :limit.
SELECT seq, id, queue, state FROM headrace_jobs
WHERE expires_at IS NOT NULL AND state IN ('scheduled', 'queued', 'waiting') AND expires_at <= :now
ORDER BY expires_at, seq LIMIT :limit
