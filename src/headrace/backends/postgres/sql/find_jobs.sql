-- The text FILTERS is replaced by the conditions that apply, TABLE by where the jobs are. Newest first.
SELECT
    j.seq, j.id::text, j.task, j.payload, j.codec, j.queue, j.priority, j.state, j.attempt, j.max_attempts, j.claims,
    j.enqueued_at, j.run_at, j.timeout, j.expires_at, j.started_at, j.finished_at, j.worker, j.tags::text,
    j.meta::text, j.trace, j.task_version, j.idempotency_key, j.unique_key, j.wakes, j.cancel, j.reason, j.error::text,
    (SELECT p.value::text FROM SCHEMA.progress AS p WHERE p.job_id = j.id), j.partition
FROM TABLE AS j
WHERE FILTERS
ORDER BY j.seq DESC
