-- $1 ids. Jobs with the idempotency keys they hold. Answers the queues whose claims may have room now.
WITH moved AS (DELETE FROM SCHEMA.jobs WHERE id = ANY ($1::text[]::uuid[]) RETURNING queue, lane),
     e AS (DELETE FROM SCHEMA.ended WHERE id = ANY ($1::text[]::uuid[])),
     s AS (DELETE FROM SCHEMA.succeeded WHERE id = ANY ($1::text[]::uuid[])),
     k AS (DELETE FROM SCHEMA.idempotency WHERE job_id = ANY ($1::text[]::uuid[])),
     marked AS (INSERT INTO SCHEMA.marks (queue, lane) SELECT DISTINCT queue, lane FROM moved WHERE lane IS NOT NULL)
SELECT o.queue FROM SCHEMA.openings AS o WHERE o.wide OR o.queue IN (SELECT queue FROM moved)
