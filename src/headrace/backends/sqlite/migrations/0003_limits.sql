-- Limits, fairness, order and ageing. A job that nothing tells apart has no lane, and costs none of this.
--
-- A lane is the part of a queue that a key and a limited task share: its jobs are claimable or held back together. A
-- claim looks at lanes in the order in which they are to be served, so that it costs what it claims, however many
-- jobs a key has and however many keys wait. Nothing in a lane is counted up or down: a lane whose jobs moved is
-- `stale`, by the triggers below, whichever statement moved them, and the next claim derives it anew.

ALTER TABLE headrace_jobs ADD COLUMN partition TEXT;  -- the key
ALTER TABLE headrace_jobs ADD COLUMN lane TEXT;       -- NULL: the queue has no lanes
ALTER TABLE headrace_jobs ADD COLUMN step INTEGER;    -- microseconds a level of priority is worth; NULL: strict order

-- The order within a lane. A priority without ageing is worth more microseconds than there are instants.
CREATE INDEX headrace_jobs_laned ON headrace_jobs (queue, lane, run_at - priority * step, seq)
    WHERE lane IS NOT NULL AND step IS NOT NULL AND state = 'queued';
CREATE INDEX headrace_jobs_strict ON headrace_jobs (queue, lane, seq)
    WHERE lane IS NOT NULL AND step IS NULL AND state IN ('scheduled', 'queued', 'waiting', 'running');

-- What is in use.
CREATE INDEX headrace_jobs_running_keys ON headrace_jobs (queue, partition)
    WHERE lane IS NOT NULL AND partition IS NOT NULL AND state = 'running';
CREATE INDEX headrace_jobs_running_tasks ON headrace_jobs (task)
    WHERE lane IS NOT NULL AND state = 'running' AND (step IS NULL OR instr(lane, char(31)) > 0);

-- Waiting jobs without an instant are in no other index; a change of limits has to find them.
CREATE INDEX headrace_jobs_waiting ON headrace_jobs (queue) WHERE state = 'waiting';

ALTER TABLE headrace_queues ADD COLUMN fair INTEGER NOT NULL DEFAULT 0;
ALTER TABLE headrace_queues ADD COLUMN ordered INTEGER NOT NULL DEFAULT 0;
ALTER TABLE headrace_queues ADD COLUMN ageing INTEGER;             -- microseconds; NULL: priorities do not age
ALTER TABLE headrace_queues ADD COLUMN turns INTEGER NOT NULL DEFAULT 0;  -- the last turn that was given to a key

CREATE TABLE headrace_limits (
    scope       TEXT NOT NULL,             -- store, queue, task, keys (each key of a queue) or key (one of them)
    name        TEXT NOT NULL,             -- of the queue or the task
    key         TEXT NOT NULL,
    concurrency INTEGER,
    count       INTEGER,                   -- the rate: so many per so many microseconds, with a burst
    per         INTEGER,
    burst       INTEGER,
    PRIMARY KEY (scope, name, key)
) STRICT, WITHOUT ROWID;

-- A row for each rate that was drawn on: when its bucket is full again, by the host's monotonic clock.
CREATE TABLE headrace_buckets (
    scope   TEXT NOT NULL,
    name    TEXT NOT NULL,
    key     TEXT NOT NULL,
    full_at INTEGER NOT NULL,
    PRIMARY KEY (scope, name, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE headrace_lanes (
    queue    TEXT NOT NULL,
    key      TEXT NOT NULL,                -- '' where keys are not told apart, and for jobs without one
    lane     TEXT NOT NULL,                -- the key; a limited task follows it after a unit separator
    stale    INTEGER NOT NULL,             -- 1: to be derived anew; 2: at each claim, since a job in it has expired
    task     TEXT NOT NULL DEFAULT '',     -- of its head, where that task is limited
    head     INTEGER,                      -- seq of the job to be claimed next
    level    INTEGER,                      -- the order in which lanes are served: by level, then by place
    place    INTEGER,
    turn     INTEGER,                      -- the key's place in the round, while it has queued jobs
    ready    INTEGER NOT NULL DEFAULT 0,   -- 1: it has a head, and its key's limits have room
    opens_at INTEGER,                      -- when a token comes that it waits for (monotonic)
    PRIMARY KEY (queue, key, lane)
) STRICT, WITHOUT ROWID;
CREATE INDEX headrace_lanes_ready ON headrace_lanes (queue, task, level, place) WHERE ready = 1;
CREATE INDEX headrace_lanes_stale ON headrace_lanes (queue, stale) WHERE stale > 0;
CREATE INDEX headrace_lanes_empty ON headrace_lanes (queue) WHERE head IS NULL AND turn IS NULL AND stale = 0;
CREATE INDEX headrace_lanes_opening ON headrace_lanes (queue, opens_at) WHERE opens_at IS NOT NULL;

-- Queues whose last claim left queued jobs behind for want of room. A finish calls them, so that one that nobody waits
-- for costs nothing; `at` is when a token comes (monotonic), NULL where no rate is at fault.
CREATE TABLE headrace_openings (
    queue TEXT PRIMARY KEY,
    at    INTEGER
) STRICT, WITHOUT ROWID;

-- What a key's job does concerns all lanes of the key, so all of them are stale.
CREATE TRIGGER headrace_jobs_lane_entered AFTER INSERT ON headrace_jobs WHEN NEW.lane IS NOT NULL
BEGIN
    INSERT OR IGNORE INTO headrace_lanes (queue, key, lane, stale)
    VALUES (NEW.queue, substr(NEW.lane, 1, instr(NEW.lane || char(31), char(31)) - 1), NEW.lane, 1);
    UPDATE headrace_lanes SET stale = 1
    WHERE queue = NEW.queue AND key = substr(NEW.lane, 1, instr(NEW.lane || char(31), char(31)) - 1) AND stale <> 1;
END;

CREATE TRIGGER headrace_jobs_lane_moved AFTER UPDATE OF state, queue, lane, step, priority, run_at ON headrace_jobs
WHEN NEW.lane IS NOT NULL AND (OLD.state = 'queued' OR NEW.state = 'queued' OR NEW.step IS NULL OR OLD.lane IS NULL)
BEGIN
    INSERT OR IGNORE INTO headrace_lanes (queue, key, lane, stale)
    VALUES (NEW.queue, substr(NEW.lane, 1, instr(NEW.lane || char(31), char(31)) - 1), NEW.lane, 1);
    UPDATE headrace_lanes SET stale = 1
    WHERE queue = NEW.queue AND key = substr(NEW.lane, 1, instr(NEW.lane || char(31), char(31)) - 1) AND stale <> 1;
END;

-- An end only makes room: that concerns lanes that were held back, and a claim counts anew what is in use.
CREATE TRIGGER headrace_jobs_lane_freed AFTER UPDATE OF state ON headrace_jobs
WHEN NEW.lane IS NOT NULL AND OLD.state = 'running' AND NEW.state <> 'queued' AND NEW.step IS NOT NULL
BEGIN
    UPDATE headrace_lanes SET stale = 1
    WHERE queue = NEW.queue AND key = substr(NEW.lane, 1, instr(NEW.lane || char(31), char(31)) - 1)
      AND stale = 0 AND ready = 0 AND head IS NOT NULL;
END;

CREATE TRIGGER headrace_jobs_lane_changed AFTER UPDATE OF queue, lane ON headrace_jobs WHEN OLD.lane IS NOT NULL
BEGIN
    UPDATE headrace_lanes SET stale = 1
    WHERE queue = OLD.queue AND key = substr(OLD.lane, 1, instr(OLD.lane || char(31), char(31)) - 1) AND stale <> 1;
END;

CREATE TRIGGER headrace_jobs_lane_left AFTER DELETE ON headrace_jobs WHEN OLD.lane IS NOT NULL
BEGIN
    UPDATE headrace_lanes SET stale = 1
    WHERE queue = OLD.queue AND key = substr(OLD.lane, 1, instr(OLD.lane || char(31), char(31)) - 1) AND stale <> 1;
END;
