-- What a job failed of last, for grouping. Jobs that never failed have none and are in no index of it.

ALTER TABLE headrace_jobs ADD COLUMN fingerprint TEXT;

CREATE INDEX headrace_jobs_failing ON headrace_jobs (fingerprint)
    WHERE fingerprint IS NOT NULL AND state IN ('dead', 'scheduled', 'queued');
