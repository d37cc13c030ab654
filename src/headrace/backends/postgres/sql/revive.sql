-- $1 ids, $2 the instant. A person's retry: as if it had never been tried.
WITH back AS (DELETE FROM SCHEMA.ended WHERE id = ANY ($1::text[]::uuid[]) RETURNING *)
INSERT INTO SCHEMA.jobs (
    id, seq, task, queue, priority, state, attempt, max_attempts, claims, wakes, run_at, timeout, enqueued_at,
    started_at, worker, codec, payload, task_version, idempotency_key, unique_key,
    unique_policy, partition, trace, tags, meta, error, fingerprint)
SELECT id, seq, task, queue, priority, 'queued', 0, max_attempts, claims, wakes, $2::timestamptz, timeout, enqueued_at,
       started_at, worker, codec, payload, task_version, idempotency_key, unique_key,
       unique_policy, partition, trace, tags, meta, error, fingerprint
FROM back
