-- :now, :limit. Idempotency keys whose window is over.
DELETE FROM headrace_idempotency
WHERE key IN (SELECT key FROM headrace_idempotency WHERE expires_at <= :now ORDER BY expires_at LIMIT :limit)
