SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'headrace_jobs_lane_%'
