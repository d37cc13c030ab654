-- What a key's job does concerns all lanes of the key, so all of them are stale.
CREATE TRIGGER IF NOT EXISTS headrace_jobs_lane_entered AFTER INSERT ON headrace_jobs WHEN NEW.lane IS NOT NULL
BEGIN
    INSERT OR IGNORE INTO headrace_lanes (queue, key, lane, stale)
    VALUES (NEW.queue, substr(NEW.lane, 1, instr(NEW.lane || char(31), char(31)) - 1), NEW.lane, 1);
    UPDATE headrace_lanes SET stale = 1
    WHERE queue = NEW.queue AND key = substr(NEW.lane, 1, instr(NEW.lane || char(31), char(31)) - 1) AND stale <> 1;
END
