-- :seqs JSON array. Jobs that were chosen, in that order, as one JSON array.
-- Fields in the order of rows.ClaimedRow.
SELECT json_group_array(json_array(
    j.seq, j.id, j.task, j.queue, j.priority, j.attempt, j.max_attempts, j.claims, j.wakes, j.enqueued_at, j.run_at,
    j.timeout, j.expires_at, b.codec, iif(typeof(b.payload) = 'text', b.payload, NULL),
    iif(typeof(b.payload) = 'text', NULL, hex(b.payload)), b.task_version, b.idempotency_key, j.unique_key, b.trace,
    json(b.tags), json(b.meta), j.reason, j.partition))
FROM json_each(:seqs) AS s
CROSS JOIN headrace_jobs AS j ON j.seq = s.value
CROSS JOIN headrace_bodies AS b ON b.seq = j.seq
