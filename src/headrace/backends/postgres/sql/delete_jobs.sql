-- $1 ids. Jobs with the idempotency keys they hold.
WITH j AS (DELETE FROM SCHEMA.jobs WHERE id = ANY ($1::text[]::uuid[])),
     e AS (DELETE FROM SCHEMA.ended WHERE id = ANY ($1::text[]::uuid[])),
     s AS (DELETE FROM SCHEMA.succeeded WHERE id = ANY ($1::text[]::uuid[])),
     k AS (DELETE FROM SCHEMA.idempotency WHERE job_id = ANY ($1::text[]::uuid[]))
SELECT
