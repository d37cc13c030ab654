DROP INDEX SCHEMA.jobs_failing;
DROP INDEX SCHEMA.ended_failing;
CREATE INDEX jobs_failing ON SCHEMA.jobs (fingerprint)
    WHERE fingerprint IS NOT NULL AND state IN ('scheduled', 'queued');
CREATE INDEX ended_failing ON SCHEMA.ended (fingerprint) WHERE fingerprint IS NOT NULL AND state = 'dead';
