-- $1 queues, or NULL for all. Puts open jobs into the lanes they belong to.
UPDATE SCHEMA.jobs AS j
SET lane = n.lane, step = n.step
FROM (
    SELECT o.ctid AS place, l.lane, l.step
    FROM SCHEMA.jobs AS o LEFT JOIN LATERAL SCHEMA.lane_of(o.queue, o.partition, o.task) AS l ON TRUE
    WHERE ($1::text[] IS NULL OR o.queue = ANY ($1::text[])) AND (o.lane, o.step) IS DISTINCT FROM (l.lane, l.step)
) AS n
WHERE j.ctid = n.place
