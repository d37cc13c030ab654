-- $1 when it is full at the latest, $2 scope, $3 name, $4 key.
UPDATE SCHEMA.buckets SET full_at = least(full_at, $1::bigint) WHERE scope = $2 AND name = $3 AND key = $4
