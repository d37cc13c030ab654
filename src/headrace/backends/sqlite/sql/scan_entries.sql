-- :bucket, :prefix, :after a key or NULL, :mono, :limit.
SELECT key, value, revision FROM headrace_kv
WHERE bucket = :bucket AND key >= :prefix AND substr(key, 1, length(:prefix)) = :prefix
  AND (:after IS NULL OR key > :after) AND (live_until IS NULL OR live_until > :mono)
ORDER BY key LIMIT :limit
