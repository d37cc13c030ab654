-- $1 ids of new jobs. Puts them into the lanes they belong to.
WITH entered AS (
    UPDATE SCHEMA.jobs AS j
    SET lane = n.lane, step = n.step
    FROM (
        SELECT o.id, l.lane, l.step
        FROM SCHEMA.jobs AS o CROSS JOIN LATERAL SCHEMA.lane_of(o.queue, o.partition, o.task) AS l
        WHERE o.id = ANY ($1::text[]::uuid[])
    ) AS n
    WHERE j.id = ANY (ARRAY[n.id])
    RETURNING j.queue, j.lane, j.state
)
INSERT INTO SCHEMA.marks (queue, lane) SELECT DISTINCT queue, lane FROM entered WHERE state = 'queued'
