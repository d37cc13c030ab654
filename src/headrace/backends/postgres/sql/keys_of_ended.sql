-- $1 job ids. The unique keys of those that ended without success.
SELECT id::text, task, unique_key FROM SCHEMA.ended WHERE id = ANY ($1::text[]::uuid[]) AND unique_key IS NOT NULL
