-- :queue. When the first lane that waits for a token opens.
SELECT opens_at FROM headrace_lanes WHERE queue = :queue AND opens_at IS NOT NULL ORDER BY opens_at LIMIT 1
