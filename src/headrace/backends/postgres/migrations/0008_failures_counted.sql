-- Groups of failures are counted along these indexes, and their newest and oldest jobs are found in them by their place.
DROP INDEX SCHEMA.jobs_failing;
DROP INDEX SCHEMA.ended_failing;
CREATE INDEX jobs_failing ON SCHEMA.jobs (fingerprint, seq)
    WHERE fingerprint IS NOT NULL AND state IN ('scheduled', 'queued');
CREATE INDEX ended_failing ON SCHEMA.ended (fingerprint, seq) WHERE fingerprint IS NOT NULL AND state = 'dead';
