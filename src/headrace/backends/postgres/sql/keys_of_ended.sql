-- $1 job ids. The unique keys of those that ended without success. Found by their ids, and then looked at.
SELECT id::text, task, unique_key
FROM (SELECT id, task, unique_key FROM SCHEMA.ended WHERE id = ANY ($1::text[]::uuid[]) OFFSET 0) AS found
WHERE unique_key IS NOT NULL
