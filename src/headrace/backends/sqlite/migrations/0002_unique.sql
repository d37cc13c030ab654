-- Unique keys. A key is taken by the state of the job that carries it, so nothing has to free it.
--
-- The key is in the hot table because its index must follow the state, and because 100,000 ended jobs with one key must
-- not be walked to find the live one. A job without a key is not in the index, and has nothing in headrace_unique.

ALTER TABLE headrace_jobs ADD COLUMN unique_key TEXT;
CREATE INDEX headrace_jobs_unique ON headrace_jobs (task, unique_key, state, enqueued_at) WHERE unique_key IS NOT NULL;

-- The policy that a job was last enqueued with: a retry asks by it, and prune leaves what holds a key for a period.
CREATE TABLE headrace_unique (
    seq    INTEGER PRIMARY KEY,
    states TEXT NOT NULL,                  -- JSON array
    period INTEGER                         -- microseconds, NULL: however long ago
) STRICT;
