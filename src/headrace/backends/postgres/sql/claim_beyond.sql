-- The next jobs of the queue w.queue that are not before its floors. $8 queues, $9 priorities, $10 instants.
-- Each level of priority is a range of the index of its own. An outer row asks for the next level only while it wants more.
SELECT level.ctid
FROM generate_series(9, 0, -1) AS p(priority)
CROSS JOIN LATERAL (
    SELECT j.ctid
    FROM SCHEMA.jobs AS j
    WHERE j.queue = w.queue AND j.state = 'queued' AND j.priority = p.priority
      AND j.run_at >= coalesce(
          (SELECT f.instant FROM unnest($8::text[], $9::smallint[], $10::timestamptz[]) AS f(queue, priority, instant)
           WHERE f.queue = w.queue AND f.priority = p.priority), '-infinity')
      AND (j.expires_at IS NULL OR j.expires_at > (SELECT now FROM instant))
    ORDER BY j.run_at, j.seq
    LIMIT w.wanted
    FOR UPDATE SKIP LOCKED
) AS level
LIMIT w.wanted
