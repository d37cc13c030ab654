-- :seq of an ended job, :now. The live job that takes its unique key by its own policy: the one enqueued last.
SELECT r.id
FROM headrace_unique AS u
CROSS JOIN headrace_jobs AS j ON j.seq = u.seq
CROSS JOIN json_each(u.states) AS s
CROSS JOIN headrace_jobs AS r ON r.task = j.task AND r.unique_key = j.unique_key AND r.state = s.value
WHERE u.seq = :seq AND r.unique_key IS NOT NULL
  AND s.value IN ('scheduled', 'queued', 'waiting', 'running')
  AND (u.period IS NULL OR r.enqueued_at > :now - u.period)
ORDER BY r.enqueued_at DESC, r.seq DESC
LIMIT 1
