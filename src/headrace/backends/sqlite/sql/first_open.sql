-- :queue, :lane, :seq. The first job of an ordered key that has not ended, if it is an earlier one.
SELECT id FROM headrace_jobs
WHERE queue = :queue AND lane = :lane AND lane IS NOT NULL AND step IS NULL
  AND state IN ('scheduled', 'queued', 'waiting', 'running') AND seq < :seq
ORDER BY seq LIMIT 1
