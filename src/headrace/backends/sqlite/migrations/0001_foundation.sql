-- The foundation: jobs, their bodies and history, queues, counters, small values and locks.
--
-- Instants are integers: microseconds since 1970-01-01 UTC. `lease_until`, `held_until` and `live_until` are those of
-- the host's monotonic clock, so that a step of the wall clock neither ends nor extends a lease.

CREATE TABLE headrace_meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The hot table: one narrow row a job, rewritten at each change of state. What never changes is in headrace_bodies.
CREATE TABLE headrace_jobs (
    seq          INTEGER PRIMARY KEY,      -- the order of enqueuing
    id           TEXT    NOT NULL UNIQUE,  -- UUIDv7
    task         TEXT    NOT NULL,
    queue        TEXT    NOT NULL,
    priority     INTEGER NOT NULL,
    state        TEXT    NOT NULL,
    run_at       INTEGER NOT NULL,
    wake_at      INTEGER,                  -- when a scheduled job, or a waiting one with a limit, is due
    expires_at   INTEGER,
    timeout      INTEGER,                  -- microseconds
    attempt      INTEGER NOT NULL,
    max_attempts INTEGER NOT NULL,
    claims       INTEGER NOT NULL,
    wakes        INTEGER NOT NULL,
    token        TEXT,                     -- the fence: names the current claim, NULL when there is none
    worker       TEXT,
    lease_until  INTEGER,
    silent_since INTEGER,                  -- since when a living worker has been silent past its lease
    cancel       INTEGER NOT NULL,         -- 1: cancellation was requested while it ran
    reason       TEXT,
    enqueued_at  INTEGER NOT NULL,
    started_at   INTEGER,
    finished_at  INTEGER
) STRICT;

-- A claim walks this index from its start: higher priority first, then older. Jobs leave it when they are claimed.
CREATE INDEX headrace_jobs_queued ON headrace_jobs (queue, priority DESC, run_at, seq) WHERE state = 'queued';
CREATE INDEX headrace_jobs_running ON headrace_jobs (lease_until) WHERE state = 'running';
CREATE INDEX headrace_jobs_due ON headrace_jobs (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX headrace_jobs_expiring ON headrace_jobs (expires_at)
    WHERE expires_at IS NOT NULL AND state IN ('scheduled', 'queued', 'waiting');
CREATE INDEX headrace_jobs_ended ON headrace_jobs (state, finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE headrace_bodies (
    seq             INTEGER PRIMARY KEY,
    codec           TEXT NOT NULL,
    payload         ANY  NOT NULL,         -- TEXT where it is valid UTF-8 (JSON), BLOB otherwise
    task_version    INTEGER NOT NULL,
    idempotency_key TEXT,
    trace           TEXT,
    tags            TEXT,                  -- JSON array, NULL when there are none
    meta            TEXT                   -- JSON object, NULL when empty
) STRICT;

CREATE TABLE headrace_results (
    seq    INTEGER PRIMARY KEY,
    codec  TEXT NOT NULL,
    result BLOB NOT NULL
) STRICT;

-- Ended attempts, but not the one that succeeded: that one is told by the job's own row.
CREATE TABLE headrace_attempts (
    seq         INTEGER NOT NULL,
    claim       INTEGER NOT NULL,          -- the job's count of claims: grows also where attempts are given back
    number      INTEGER NOT NULL,
    outcome     TEXT    NOT NULL,
    worker      TEXT    NOT NULL,
    started_at  INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    error       TEXT,                      -- JSON object: type, message, traceback
    PRIMARY KEY (seq, claim)
) STRICT, WITHOUT ROWID;

CREATE TABLE headrace_progress (
    seq   INTEGER PRIMARY KEY,
    value TEXT NOT NULL                    -- JSON object: done, total, note
) STRICT;

CREATE TABLE headrace_logs (
    seq     INTEGER NOT NULL,
    n       INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    level   TEXT    NOT NULL,
    message TEXT    NOT NULL,
    attempt INTEGER NOT NULL,
    PRIMARY KEY (seq, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE headrace_idempotency (
    key         TEXT PRIMARY KEY,
    job_id      TEXT    NOT NULL,
    fingerprint TEXT    NOT NULL,          -- of task and payload: the same key for something else is a conflict
    expires_at  INTEGER NOT NULL,
    state       TEXT                       -- how the job ended, once it was pruned
) STRICT, WITHOUT ROWID;
CREATE INDEX headrace_idempotency_expiring ON headrace_idempotency (expires_at);

-- How many jobs of a queue are in a state: kept by every statement that moves jobs, so that no screen ever counts rows.
CREATE TABLE headrace_counters (
    queue TEXT    NOT NULL,
    state TEXT    NOT NULL,
    n     INTEGER NOT NULL,
    PRIMARY KEY (queue, state)
) STRICT, WITHOUT ROWID;

-- What happened, in buckets of ten seconds.
CREATE TABLE headrace_rates (
    bucket INTEGER NOT NULL,
    queue  TEXT    NOT NULL,
    event  TEXT    NOT NULL,
    n      INTEGER NOT NULL,
    PRIMARY KEY (bucket, queue, event)
) STRICT, WITHOUT ROWID;

CREATE TABLE headrace_queues (
    name         TEXT PRIMARY KEY,
    paused       INTEGER NOT NULL,
    pause_reason TEXT,
    paused_at    INTEGER,
    retention    TEXT                      -- JSON object of seconds by final state, NULL for the default
) STRICT, WITHOUT ROWID;

CREATE TABLE headrace_kv (
    bucket     TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    value      BLOB    NOT NULL,
    revision   INTEGER NOT NULL,
    live_until INTEGER,                    -- NULL: until it is deleted
    PRIMARY KEY (bucket, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE headrace_kv_revisions (
    bucket   TEXT PRIMARY KEY,
    revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE headrace_locks (
    name       TEXT PRIMARY KEY,
    owner      TEXT,                       -- NULL once it was released; the fence stays
    fence      INTEGER NOT NULL,
    held_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
