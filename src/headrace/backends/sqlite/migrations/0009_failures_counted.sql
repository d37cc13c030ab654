-- Groups of failures are counted along the index alone, the dead and those to be retried apart. Of a group of one state the
-- newest and oldest jobs are found in it by their place.
DROP INDEX headrace_jobs_failing;
CREATE INDEX headrace_jobs_failing ON headrace_jobs (fingerprint, state)
    WHERE fingerprint IS NOT NULL AND state IN ('dead', 'scheduled', 'queued');
