-- $1 the clock for rates. Buckets that are full again tell nothing, keys without queued jobs lose their turns, and a mark
-- is enough for each lane of a queue that nobody claims from. Not while claims of limited queues are under way.
WITH mine AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(hashtext('headrace SCHEMA_NAME rules'), 0) AS alone),
repeated AS (
    DELETE FROM SCHEMA.marks
    WHERE (SELECT alone FROM mine) AND ctid = ANY (ARRAY(
        SELECT unnest((array_agg(ctid))[2:]) FROM SCHEMA.marks GROUP BY queue, lane HAVING count(*) > 1))
),
full_again AS (
    DELETE FROM SCHEMA.buckets
    WHERE (SELECT alone FROM mine)
      AND full_at <= SCHEMA.microseconds(coalesce($1::timestamptz, clock_timestamp()))
)
DELETE FROM SCHEMA.lanes AS l
WHERE (SELECT alone FROM mine)
  AND (SELECT j.seq FROM SCHEMA.jobs AS j
       WHERE j.queue = l.queue AND j.lane = l.lane AND j.lane IS NOT NULL AND j.step IS NOT NULL AND j.state = 'queued'
       ORDER BY SCHEMA.rank_of(j.run_at, j.priority, j.step), j.seq LIMIT 1) IS NULL
  AND (SELECT j.seq FROM SCHEMA.jobs AS j
       WHERE j.queue = l.queue AND j.lane >= l.lane AND j.lane <= l.lane AND j.lane IS NOT NULL AND j.step IS NULL
         AND j.state = 'queued'
       ORDER BY j.lane, j.seq LIMIT 1) IS NULL
