-- :before, :floor seqs, :limit and what FILTERS binds. Newest first, as one
-- JSON array. Fields in the order of rows.JobRow. The text FILTERS is replaced by the conditions that apply.
SELECT json_group_array(json_array(
    seq, id, task, queue, priority, state, attempt, max_attempts, claims, wakes, cancel, enqueued_at, run_at, timeout,
    expires_at, started_at, finished_at, worker, reason, codec, payload_text, payload_hex, task_version,
    partition, idempotency_key, unique_key, trace, json(tags), json(meta), json(progress), json(error)))
FROM (
    SELECT j.*, b.codec, b.task_version, b.idempotency_key, b.trace, b.tags, b.meta,
           iif(typeof(b.payload) = 'text', b.payload, NULL) AS payload_text,
           iif(typeof(b.payload) = 'text', NULL, hex(b.payload)) AS payload_hex,
           (SELECT p.value FROM headrace_progress AS p WHERE p.seq = j.seq) AS progress,
           (SELECT a.error FROM headrace_attempts AS a
            WHERE a.seq = j.seq AND a.error IS NOT NULL ORDER BY a.claim DESC LIMIT 1) AS error
    FROM headrace_jobs AS j
    CROSS JOIN headrace_bodies AS b ON b.seq = j.seq
    WHERE FILTERS
    ORDER BY j.seq DESC
    LIMIT :limit
)
