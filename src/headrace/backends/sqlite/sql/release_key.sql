-- :seq. The job's idempotency key, if the job is still the one that holds it, can be taken again.
DELETE FROM headrace_idempotency
WHERE key = (SELECT idempotency_key FROM headrace_bodies WHERE seq = :seq)
  AND job_id = (SELECT id FROM headrace_jobs WHERE seq = :seq)
