-- $1 the instant of leases, $2 limit, $3 before which nobody need look again, or NULL. Running jobs whose lease ran out,
-- locked; those another session works on, later.
SELECT 0, j.id::text, j.queue, j.attempt, j.max_attempts, j.claims, j.wakes, j.worker, j.started_at, j.run_at, j.cancel,
       j.reason, j.expires_at IS NOT NULL
FROM SCHEMA.jobs AS j
WHERE j.state = 'running' AND j.lease_until <= $1::timestamptz
  AND j.lease_until > coalesce($3::timestamptz, '-infinity')
ORDER BY j.lease_until LIMIT $2::integer
FOR UPDATE SKIP LOCKED
