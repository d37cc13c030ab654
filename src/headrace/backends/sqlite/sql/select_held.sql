-- :leases JSON array of [id, token]. The running jobs whose lease is current, as one JSON array.
-- Fields in the order of rows.HeldRow. And whether claims wait for room.
SELECT json_group_array(json_array(
    l.key, j.seq, j.id, j.queue, j.attempt, j.max_attempts, j.claims, j.wakes, j.worker, j.started_at, j.run_at,
    j.cancel, j.reason)),
    EXISTS (SELECT 1 FROM headrace_openings)
FROM json_each(:leases) AS l
CROSS JOIN headrace_jobs AS j ON j.id = l.value ->> 0
WHERE j.state = 'running' AND j.token = l.value ->> 1
