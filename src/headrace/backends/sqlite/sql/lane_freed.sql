-- An end only makes room: that concerns lanes that were held back, and a claim counts anew what is in use.
CREATE TRIGGER IF NOT EXISTS headrace_jobs_lane_freed AFTER UPDATE OF state ON headrace_jobs
WHEN NEW.lane IS NOT NULL AND OLD.state = 'running' AND NEW.state <> 'queued' AND NEW.step IS NOT NULL
BEGIN
    UPDATE headrace_lanes SET stale = 1
    WHERE queue = NEW.queue AND key = substr(NEW.lane, 1, instr(NEW.lane || char(31), char(31)) - 1)
      AND stale = 0 AND ready = 0 AND head IS NOT NULL;
END
