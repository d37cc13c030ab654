-- The last place in the order of enqueuing.
SELECT coalesce(max(seq), 0) FROM headrace_jobs
