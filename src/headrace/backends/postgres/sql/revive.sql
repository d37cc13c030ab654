-- $1 ids, $2 the instant. A person's retry: as if it had never been tried.
WITH back AS (DELETE FROM SCHEMA.ended WHERE id = ANY ($1::text[]::uuid[]) RETURNING *),
queued AS (
    INSERT INTO SCHEMA.jobs (
        id, seq, task, queue, priority, state, attempt, max_attempts, claims, wakes, run_at, timeout, enqueued_at,
        started_at, worker, codec, payload, task_version, idempotency_key, unique_key, unique_policy, partition, trace,
        tags, meta, error, fingerprint, lane, step, revived_at)
    SELECT b.id, b.seq, b.task, b.queue, b.priority, 'queued', 0, b.max_attempts, b.claims, b.wakes, $2::timestamptz,
           b.timeout, b.enqueued_at, b.started_at, b.worker, b.codec, b.payload, b.task_version, b.idempotency_key,
           b.unique_key, b.unique_policy, b.partition, b.trace, b.tags, b.meta, b.error, b.fingerprint, l.lane, l.step,
           $2::timestamptz
    FROM back AS b LEFT JOIN LATERAL SCHEMA.lane_of(b.queue, b.partition, b.task) AS l ON TRUE
    RETURNING queue, lane
)
INSERT INTO SCHEMA.marks (queue, lane) SELECT DISTINCT queue, lane FROM queued WHERE lane IS NOT NULL
