-- As headrace_jobs_lane_entered, of a job that was there.
CREATE TRIGGER IF NOT EXISTS headrace_jobs_lane_moved AFTER UPDATE OF state, queue, lane, step, priority, run_at ON headrace_jobs
WHEN NEW.lane IS NOT NULL AND (OLD.state = 'queued' OR NEW.state = 'queued' OR NEW.step IS NULL OR OLD.lane IS NULL)
BEGIN
    INSERT OR IGNORE INTO headrace_lanes (queue, key, lane, stale)
    VALUES (NEW.queue, substr(NEW.lane, 1, instr(NEW.lane || char(31), char(31)) - 1), NEW.lane, 1);
    UPDATE headrace_lanes SET stale = 1
    WHERE queue = NEW.queue AND key = substr(NEW.lane, 1, instr(NEW.lane || char(31), char(31)) - 1) AND stale <> 1;
END
