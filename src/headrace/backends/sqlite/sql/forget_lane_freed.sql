DROP TRIGGER IF EXISTS headrace_jobs_lane_freed
