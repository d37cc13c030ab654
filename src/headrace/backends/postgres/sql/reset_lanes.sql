-- $1 queues, or NULL for all. Derives all lanes of theirs anew, without turns.
WITH gone AS (DELETE FROM SCHEMA.lanes WHERE $1::text[] IS NULL OR queue = ANY ($1::text[])),
     unmarked AS (DELETE FROM SCHEMA.marks WHERE $1::text[] IS NULL OR queue = ANY ($1::text[]))
INSERT INTO SCHEMA.marks (queue, lane)
SELECT DISTINCT queue, lane FROM SCHEMA.jobs
WHERE lane IS NOT NULL AND state = 'queued' AND ($1::text[] IS NULL OR queue = ANY ($1::text[]))
