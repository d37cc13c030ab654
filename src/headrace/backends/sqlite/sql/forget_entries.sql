-- :mono, :limit. Values past their time to live; they are not seen any more since.
DELETE FROM headrace_kv
WHERE (bucket, key) IN (SELECT bucket, key FROM headrace_kv WHERE live_until <= :mono LIMIT :limit)
