-- :seqs JSON array. What a key answers after its job is pruned.
UPDATE headrace_idempotency
SET state = (SELECT j.state FROM headrace_jobs AS j WHERE j.id = headrace_idempotency.job_id)
WHERE key IN (
    SELECT b.idempotency_key FROM headrace_bodies AS b
    WHERE b.seq IN (SELECT value FROM json_each(:seqs)) AND b.idempotency_key IS NOT NULL)
