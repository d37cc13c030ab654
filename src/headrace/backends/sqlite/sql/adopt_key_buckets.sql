-- :queue, :most. Buckets of keys that have no limit of their own.
UPDATE headrace_buckets SET full_at = min(full_at, :most)
WHERE scope = 'key' AND name = :queue
  AND NOT EXISTS (SELECT 1 FROM headrace_limits AS l
                  WHERE l.scope = 'key' AND l.name = headrace_buckets.name AND l.key = headrace_buckets.key)
