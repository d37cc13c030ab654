-- $1 job ids.
SELECT
    j.seq, j.id::text, j.task, j.payload, j.codec, j.queue, j.priority, j.state, j.attempt, j.max_attempts, j.claims,
    j.enqueued_at, j.run_at, j.timeout, j.expires_at, j.started_at, j.finished_at, j.worker, j.tags::text,
    j.meta::text, j.trace, j.task_version, j.idempotency_key, j.unique_key, j.wakes, j.cancel, j.reason, j.error::text,
    (SELECT p.value::text FROM SCHEMA.progress AS p WHERE p.job_id = j.id), j.partition,
    j.result, j.result_codec, w.place
FROM unnest($1::text[]) WITH ORDINALITY AS w(id, place)
JOIN SCHEMA.all_jobs AS j ON j.id = ANY (ARRAY[w.id::uuid])
