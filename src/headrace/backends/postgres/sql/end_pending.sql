-- $1 ids, $2 state, $3 reason or NULL. Answers the queues whose claims may have room now.
WITH moved AS (
    UPDATE SCHEMA.jobs SET state = $2, reason = coalesce($3, reason), wake_at = NULL WHERE id = ANY ($1::text[]::uuid[])
    RETURNING queue, lane
),
marked AS (INSERT INTO SCHEMA.marks (queue, lane) SELECT DISTINCT queue, lane FROM moved WHERE lane IS NOT NULL)
SELECT o.queue FROM SCHEMA.openings AS o WHERE o.wide OR o.queue IN (SELECT queue FROM moved)
