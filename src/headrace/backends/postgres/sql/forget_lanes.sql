-- $1 the clock for rates. Buckets that are full again tell nothing, keys without queued jobs lose their turns, and a mark
-- is enough for each lane of a queue that nobody claims from. Not while claims of limited queues are under way.
WITH mine AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(hashtext('headrace SCHEMA_NAME rules'), 0) AS alone),
repeated AS (
    DELETE FROM SCHEMA.marks AS m
    USING (SELECT queue, lane, min(ctid) AS kept FROM SCHEMA.marks GROUP BY queue, lane HAVING count(*) > 1) AS d
    WHERE (SELECT alone FROM mine) AND m.queue = d.queue AND m.lane = d.lane AND m.ctid <> d.kept
),
full_again AS (
    DELETE FROM SCHEMA.buckets
    WHERE (SELECT alone FROM mine)
      AND full_at <= SCHEMA.microseconds(coalesce($1::timestamptz, clock_timestamp()))
)
DELETE FROM SCHEMA.lanes AS l
WHERE (SELECT alone FROM mine)
  AND NOT EXISTS (SELECT FROM SCHEMA.jobs AS j WHERE j.queue = l.queue AND j.lane = l.lane AND j.lane IS NOT NULL
                  AND j.step IS NOT NULL AND j.state = 'queued')
  AND NOT EXISTS (SELECT FROM SCHEMA.jobs AS j WHERE j.queue = l.queue AND j.lane = l.lane AND j.lane IS NOT NULL
                  AND j.step IS NULL AND j.state = 'queued')
