-- :bucket, :prefix, :after a key or NULL, :mono, :limit. Keys with the prefix end before the prefix and the last code
-- point, which is no character; without that bound the rest of the bucket would be read for a short answer.
SELECT key, value, revision FROM headrace_kv
WHERE bucket = :bucket AND key >= max(:prefix, coalesce(:after, '')) AND key < :prefix || char(1114111)
  AND substr(key, 1, length(:prefix)) = :prefix
  AND (:after IS NULL OR key > :after) AND (live_until IS NULL OR live_until > :mono)
ORDER BY key LIMIT :limit
