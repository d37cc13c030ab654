-- :ids JSON array. Fields in the order of verbs.changes.Target.
SELECT k.key, j.seq, j.id, j.queue, j.state, j.run_at, j.wake_at, j.wakes, j.cancel,
       j.unique_key IS NOT NULL
FROM json_each(:ids) AS k
CROSS JOIN headrace_jobs AS j ON j.id = k.value
ORDER BY k.key
