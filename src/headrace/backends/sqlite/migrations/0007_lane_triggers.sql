-- The triggers of lanes are made when a store begins to use lanes, and dropped when it uses them no more: they cost a
-- sixth of a bulk enqueue where nothing is limited. Whoever opens the file makes those that are missing.

DROP TRIGGER headrace_jobs_lane_entered;
DROP TRIGGER headrace_jobs_lane_moved;
DROP TRIGGER headrace_jobs_lane_freed;
DROP TRIGGER headrace_jobs_lane_changed;
DROP TRIGGER headrace_jobs_lane_left;
