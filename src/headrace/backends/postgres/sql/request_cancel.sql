-- $1 ids, $2 reason.
UPDATE SCHEMA.jobs SET cancel = true, reason = $2 WHERE id = ANY ($1::text[]::uuid[])
