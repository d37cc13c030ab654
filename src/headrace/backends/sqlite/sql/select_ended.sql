-- :state, :cutoff, :only a queue or NULL, :without JSON array of queues, :limit. The longest ended first.
SELECT seq, queue FROM headrace_jobs
WHERE finished_at IS NOT NULL AND state = :state AND finished_at < :cutoff
  AND (:only IS NULL OR queue = :only) AND queue NOT IN (SELECT value FROM json_each(:without))
ORDER BY finished_at LIMIT :limit
