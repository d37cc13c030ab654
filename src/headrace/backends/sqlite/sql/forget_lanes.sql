-- :limit. Lanes without jobs.
DELETE FROM headrace_lanes WHERE (queue, key, lane) IN (
    SELECT queue, key, lane FROM headrace_lanes WHERE head IS NULL AND turn IS NULL AND stale = 0 LIMIT :limit)
