-- :state, :limit, and :name and :key of the target. The text FILTERS is replaced by the condition of its scope.
SELECT count(*) FROM (
    SELECT 1 FROM headrace_jobs
    WHERE state = :state AND finished_at IS NULL AND FILTERS
    LIMIT :limit
)
