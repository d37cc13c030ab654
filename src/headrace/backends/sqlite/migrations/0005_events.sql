-- The journal of job events. Its triggers are made when it is switched on and dropped when it is switched off, so that
-- a store that nobody watches pays nothing for it.

CREATE TABLE headrace_events (
    seq     INTEGER PRIMARY KEY,           -- one more for each event; there is one writer, so also the order of commits
    at      INTEGER NOT NULL,
    kind    TEXT    NOT NULL,
    job_id  TEXT    NOT NULL,
    task    TEXT    NOT NULL,
    queue   TEXT    NOT NULL,
    state   TEXT    NOT NULL,
    attempt INTEGER NOT NULL,
    tags    TEXT                           -- JSON array, NULL when there are none
) STRICT;

-- When a job last changed its state, where neither started_at nor finished_at tells: a trigger has no other way to
-- know the instant of its statement by the store's clock.
ALTER TABLE headrace_jobs ADD COLUMN moved_at INTEGER;
