-- :ids JSON array of job ids.
SELECT j.id, j.state
FROM json_each(:ids) AS k
CROSS JOIN headrace_jobs AS j ON j.id = k.value
