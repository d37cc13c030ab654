-- :bucket, :keys JSON array, :mono.
SELECT k.key, e.key, e.value, e.revision
FROM json_each(:keys) AS k
CROSS JOIN headrace_kv AS e ON e.bucket = :bucket AND e.key = k.value
WHERE e.live_until IS NULL OR e.live_until > :mono
