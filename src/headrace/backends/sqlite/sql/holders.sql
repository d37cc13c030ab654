-- :limit, and :name and :key of the target. The text FILTERS is replaced by the condition of its scope.
SELECT id FROM headrace_jobs WHERE state = 'running' AND FILTERS ORDER BY started_at, seq LIMIT :limit
