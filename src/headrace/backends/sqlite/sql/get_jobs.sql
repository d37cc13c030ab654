-- :ids JSON array. Whole jobs, as one JSON array of [key, row, result codec, result in hex].
-- The row's fields are in the order of rows.JobRow.
SELECT json_group_array(json_array(
    k.key,
    json_array(
        j.seq, j.id, j.task, j.queue, j.priority, j.state, j.attempt, j.max_attempts, j.claims, j.wakes, j.cancel,
        j.enqueued_at, j.run_at, j.timeout, j.expires_at, j.started_at, j.finished_at, j.worker, j.reason, b.codec,
        iif(typeof(b.payload) = 'text', b.payload, NULL), iif(typeof(b.payload) = 'text', NULL, hex(b.payload)),
        b.task_version, j.partition, b.idempotency_key, j.unique_key, b.trace, json(b.tags), json(b.meta),
        json((SELECT p.value FROM headrace_progress AS p WHERE p.seq = j.seq)),
        json((SELECT a.error FROM headrace_attempts AS a
              WHERE a.seq = j.seq AND a.error IS NOT NULL ORDER BY a.claim DESC LIMIT 1))),
    r.codec, hex(r.result)))
FROM json_each(:ids) AS k
CROSS JOIN headrace_jobs AS j ON j.id = k.value
CROSS JOIN headrace_bodies AS b ON b.seq = j.seq
LEFT JOIN headrace_results AS r ON r.seq = j.seq
