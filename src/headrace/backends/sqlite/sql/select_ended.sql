-- :state, :cutoff, :only a queue or NULL, :without JSON array of queues, :now, :limit. The longest ended first, without
-- those that hold their unique key for a period.
SELECT j.seq, j.queue FROM headrace_jobs AS j
WHERE j.finished_at IS NOT NULL AND j.state = :state AND j.finished_at < :cutoff
  AND (:only IS NULL OR j.queue = :only) AND j.queue NOT IN (SELECT value FROM json_each(:without))
  AND (j.unique_key IS NULL OR NOT EXISTS (
    SELECT 1 FROM headrace_unique AS u
    WHERE u.seq = j.seq AND u.period IS NOT NULL AND j.enqueued_at > :now - u.period
      AND j.state IN (SELECT value FROM json_each(u.states))))
ORDER BY j.finished_at LIMIT :limit
