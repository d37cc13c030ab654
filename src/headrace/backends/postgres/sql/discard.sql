-- $1 ids, $2 reason, $3 the instant.
UPDATE SCHEMA.ended SET state = 'cancelled', reason = $2, finished_at = $3::timestamptz
WHERE id = ANY ($1::text[]::uuid[])
