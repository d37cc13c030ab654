-- $1 ids. What belongs to jobs that are deleted.
WITH a AS (DELETE FROM SCHEMA.attempts WHERE job_id = ANY ($1::text[]::uuid[])),
     p AS (DELETE FROM SCHEMA.progress WHERE job_id = ANY ($1::text[]::uuid[])),
     l AS (DELETE FROM SCHEMA.logs WHERE job_id = ANY ($1::text[]::uuid[]))
SELECT
