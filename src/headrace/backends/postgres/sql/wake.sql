-- $1 ids, $2 the instant. Counts a wake-up, and queues what waits.
WITH moved AS (
    UPDATE SCHEMA.jobs
    SET wakes = wakes + 1,
        state = CASE state WHEN 'waiting' THEN 'queued' ELSE state END,
        run_at = CASE state WHEN 'waiting' THEN least(run_at, $2::timestamptz) ELSE run_at END,
        wake_at = CASE state WHEN 'waiting' THEN NULL ELSE wake_at END
    WHERE id = ANY ($1::text[]::uuid[])
    RETURNING queue, lane
)
INSERT INTO SCHEMA.marks (queue, lane) SELECT DISTINCT queue, lane FROM moved WHERE lane IS NOT NULL
