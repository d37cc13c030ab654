-- :mono, :limit. Buckets that are full again tell nothing.
DELETE FROM headrace_buckets WHERE (scope, name, key) IN (
    SELECT scope, name, key FROM headrace_buckets WHERE full_at <= :mono LIMIT :limit)
