-- :keys JSON array of idempotency keys, :now. The jobs that hold them, within their windows.
SELECT i.key, i.job_id, i.fingerprint, coalesce(j.state, i.state)
FROM json_each(:keys) AS k
JOIN headrace_idempotency AS i ON i.key = k.value
LEFT JOIN headrace_jobs AS j ON j.id = i.job_id
WHERE i.expires_at > :now
