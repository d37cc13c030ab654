-- $1 scopes, $2 names, $3 keys, $4 when they are full.
INSERT INTO SCHEMA.buckets (scope, name, key, full_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
ON CONFLICT (scope, name, key) DO UPDATE SET full_at = excluded.full_at
