-- The lanes that it leaves.
CREATE TRIGGER IF NOT EXISTS headrace_jobs_lane_changed AFTER UPDATE OF queue, lane ON headrace_jobs WHEN OLD.lane IS NOT NULL
BEGIN
    UPDATE headrace_lanes SET stale = 1
    WHERE queue = OLD.queue AND key = substr(OLD.lane, 1, instr(OLD.lane || char(31), char(31)) - 1) AND stale <> 1;
END
