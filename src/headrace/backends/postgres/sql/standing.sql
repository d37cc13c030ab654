-- $1 job id. Fields in the order of model.standing.Standing.
SELECT state, claims, queue, priority, attempt, max_attempts, run_at, expires_at, finished_at, tags, reason, cancel
FROM SCHEMA.all_jobs WHERE id = $1::uuid
