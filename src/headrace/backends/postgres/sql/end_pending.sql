-- $1 ids, $2 state, $3 reason or NULL.
UPDATE SCHEMA.jobs SET state = $2, reason = coalesce($3, reason), wake_at = NULL WHERE id = ANY ($1::text[]::uuid[])
