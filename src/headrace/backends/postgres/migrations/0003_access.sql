-- For people and for users with few rights: views to report from, and the days of the history by functions of the owner.

-- A day of the history gets a table of its own, unless it has one. Called by workers, who need not own the schema; those
-- that start together wait for one another.
CREATE FUNCTION SCHEMA.make_day(day timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    name text := 'succeeded_' || to_char(day, 'YYYYMMDD');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('headrace days SCHEMA_NAME'));
    IF to_regclass('SCHEMA.' || name) IS NULL THEN
        EXECUTE format('CREATE TABLE SCHEMA.%I PARTITION OF SCHEMA.succeeded FOR VALUES FROM (%L) TO (%L)',
                       name, day, day + interval '24 hours');
    END IF;
END $$;

-- It goes, with all that is in it.
CREATE FUNCTION SCHEMA.drop_day(day timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
BEGIN
    EXECUTE format('DROP TABLE SCHEMA.%I', 'succeeded_' || to_char(day, 'YYYYMMDD'));
END $$;

REVOKE ALL ON FUNCTION SCHEMA.make_day(timestamptz), SCHEMA.drop_day(timestamptz) FROM PUBLIC;

-- Jobs, for reports. What is not JSON, or not stored as such, is NULL in arguments and result, and in the raw columns.
CREATE VIEW SCHEMA.report_jobs AS
SELECT j.id, j.task, j.queue, j.state, j.priority, j.attempt, j.max_attempts, j.enqueued_at, j.run_at, j.started_at,
       j.finished_at, j.started_at - j.run_at AS waited,
       CASE WHEN j.state IN ('succeeded', 'dead') THEN j.finished_at - j.started_at END AS ran,
       j.worker, j.reason, j.error ->> 'type' AS error_type, j.error ->> 'message' AS error_message, j.fingerprint,
       j.tags, j.meta, j.idempotency_key, j.unique_key, j.partition, j.task_version, j.codec,
       SCHEMA.readable(j.codec, j.payload) AS arguments,
       CASE WHEN SCHEMA.readable(j.codec, j.payload) IS NULL THEN j.payload END AS arguments_raw,
       j.result_codec, SCHEMA.readable(j.result_codec, j.result) AS result,
       CASE WHEN SCHEMA.readable(j.result_codec, j.result) IS NULL THEN j.result END AS result_raw
FROM SCHEMA.all_jobs AS j;

-- Attempts that did not succeed.
CREATE VIEW SCHEMA.report_attempts AS
SELECT job_id, number, outcome, worker, started_at, finished_at, error ->> 'type' AS error_type,
       error ->> 'message' AS error_message, error ->> 'traceback' AS error_traceback, error ->> 'fingerprint' AS fingerprint
FROM SCHEMA.attempts;

-- How many jobs there are, from counters: it reads no jobs.
CREATE VIEW SCHEMA.report_counts AS
SELECT queue, state, sum(n)::bigint AS jobs
FROM (
    SELECT queue, state, n FROM SCHEMA.counters
    UNION ALL
    SELECT queue, state, n FROM SCHEMA.tallies WHERE state IS NOT NULL
) AS t
GROUP BY queue, state HAVING sum(n) <> 0;

-- What happened over the last day, by ten seconds.
CREATE VIEW SCHEMA.report_rates AS
SELECT to_timestamp(bucket * 10) AS at, queue, event, sum(n)::bigint AS jobs
FROM (
    SELECT bucket, queue, event, n FROM SCHEMA.rates
    UNION ALL
    SELECT floor(extract(epoch FROM at) / 10)::bigint, queue, event, n FROM SCHEMA.tallies WHERE event IS NOT NULL
) AS t
GROUP BY bucket, queue, event;
