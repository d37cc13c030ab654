-- $1 the clock handed in, $2 leases as the text of an array of ID/TOKEN, $3 results, $4 their codecs, both NULL where
-- there is no result, $5 processor time and $6 memory, both NULL where nothing is known of them. Moves what is held to the
-- history. Answers how many those are, their places unless they are all, and the queues whose claims may have room now:
-- one row, as most of the time of a reply goes by its rows. What is read of each row more than once comes first in it:
-- a row is taken apart from its start.
WITH instant AS (SELECT coalesce($1::timestamptz, clock_timestamp()) AS now),
done AS (
    DELETE FROM SCHEMA.jobs AS j
    USING unnest($2::text::text[], $3::bytea[], $4::text[], $5::bigint[], $6::bigint[]) WITH ORDINALITY
        AS f(lease, result, result_codec, cpu_us, peak_rss_bytes, place)
    WHERE j.id = ANY (ARRAY[left(f.lease, 36)::uuid]) AND j.token = right(f.lease, 16)
    RETURNING j.lane, j.queue, f.place, j.id, j.seq, j.task, j.priority, j.attempt, j.max_attempts, j.claims, j.wakes,
              j.run_at, j.expires_at, j.timeout, j.enqueued_at, j.started_at, j.worker, j.cancel, j.reason, j.codec,
              j.payload, j.task_version, j.idempotency_key, j.unique_key, j.unique_policy, j.partition, j.trace, j.tags,
              j.meta, j.error, j.fingerprint, f.result,
              CASE WHEN f.result IS NOT NULL THEN f.result_codec END AS result_codec, f.cpu_us, f.peak_rss_bytes
),
kept AS (
    INSERT INTO SCHEMA.succeeded (
        id, seq, task, queue, priority, state, attempt, max_attempts, claims, wakes, run_at, expires_at, timeout,
        enqueued_at, started_at, worker, cancel, reason, codec, payload, task_version, idempotency_key, unique_key,
        unique_policy, partition, trace, tags, meta, error, fingerprint, finished_at, result, result_codec, cpu_us,
        peak_rss_bytes)
    SELECT d.id, d.seq, d.task, d.queue, d.priority, 'succeeded', d.attempt, d.max_attempts, d.claims, d.wakes,
           d.run_at, d.expires_at, d.timeout, d.enqueued_at, d.started_at, d.worker, d.cancel, d.reason, d.codec,
           d.payload, d.task_version, d.idempotency_key, d.unique_key, d.unique_policy, d.partition, d.trace, d.tags,
           d.meta, d.error, d.fingerprint, instant.now, d.result, d.result_codec, d.cpu_us, d.peak_rss_bytes
    FROM instant, done AS d
),
marked AS (
    INSERT INTO SCHEMA.marks (queue, lane) SELECT DISTINCT queue, lane FROM done WHERE lane IS NOT NULL
),
tallied AS (
    INSERT INTO SCHEMA.tallies (at, queue, state, event, n)
    SELECT instant.now, t.queue, s.state, s.event, t.n * s.sign
    FROM instant, (SELECT queue, count(*)::integer AS n FROM done GROUP BY queue) AS t,
         (VALUES ('running', NULL, -1), ('succeeded', 'succeeded', 1)) AS s(state, event, sign)
)
SELECT d.n, CASE WHEN d.n < cardinality($2::text::text[]) THEN (SELECT array_agg(place) FROM done) END,
       (SELECT array_agg(o.queue) FROM SCHEMA.openings AS o WHERE o.wide OR o.queue IN (SELECT queue FROM done))
FROM (SELECT count(*) AS n FROM done) AS d
