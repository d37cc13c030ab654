SELECT coalesce(max(seq), 0) FROM headrace_jobs
