-- :mono, :dead JSON array of workers, :limit. Jobs whose lease ran out or whose worker is gone, as one JSON array.
-- Fields in the order of rows.HeldRow.
SELECT json_group_array(json_array(
    0, seq, id, queue, attempt, max_attempts, claims, wakes, worker, started_at, run_at, cancel, reason))
FROM (
    SELECT * FROM headrace_jobs
    WHERE state = 'running' AND (lease_until <= :mono OR worker IN (SELECT value FROM json_each(:dead)))
    ORDER BY lease_until, seq
    LIMIT :limit
)
