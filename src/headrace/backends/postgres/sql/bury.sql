-- $1 job ids, $2 the instant. Moves jobs, whose state is final already, out of the hot table.
WITH gone AS (DELETE FROM SCHEMA.jobs WHERE id = ANY ($1::text[]::uuid[]) RETURNING *)
INSERT INTO SCHEMA.ended (
    id, seq, task, queue, priority, state, attempt, max_attempts, claims, wakes, run_at, expires_at, timeout,
    enqueued_at, started_at, worker, cancel, reason, codec, payload, task_version, idempotency_key,
    unique_key, unique_policy, partition, trace, tags, meta, error, fingerprint, finished_at)
SELECT id, seq, task, queue, priority, state, attempt, max_attempts, claims, wakes, run_at, expires_at, timeout,
       enqueued_at, started_at, worker, cancel, reason, codec, payload, task_version, idempotency_key,
       unique_key, unique_policy, partition, trace, tags, meta, error, fingerprint, $2::timestamptz
FROM gone
