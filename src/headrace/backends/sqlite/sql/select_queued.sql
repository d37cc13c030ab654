-- :queue, :now, :limit. The next jobs of a queue, as one JSON array: one step for SQLite, whatever the number of jobs.
-- Fields in the order of rows.ClaimedRow.
SELECT json_group_array(json_array(
    seq, id, task, queue, priority, attempt, max_attempts, claims, wakes, enqueued_at, run_at, timeout, expires_at,
    codec, payload_text, payload_hex, task_version, idempotency_key, unique_key, trace, json(tags), json(meta), reason,
    partition))
FROM (
    SELECT j.*, b.codec, b.task_version, b.idempotency_key, b.trace, b.tags, b.meta,
           iif(typeof(b.payload) = 'text', b.payload, NULL) AS payload_text,
           iif(typeof(b.payload) = 'text', NULL, hex(b.payload)) AS payload_hex
    FROM headrace_jobs AS j
    CROSS JOIN headrace_bodies AS b ON b.seq = j.seq
    WHERE j.queue = :queue AND j.state = 'queued' AND (j.expires_at IS NULL OR j.expires_at > :now)
    ORDER BY j.priority DESC, j.run_at, j.seq
    LIMIT :limit
)
