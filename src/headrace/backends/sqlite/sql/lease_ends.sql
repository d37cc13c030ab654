-- :ids JSON array. Until when (monotonic) the leases of those jobs hold that run.
SELECT j.id, j.lease_until
FROM json_each(:ids) AS k
CROSS JOIN headrace_jobs AS j ON j.id = k.value
WHERE j.state = 'running'
