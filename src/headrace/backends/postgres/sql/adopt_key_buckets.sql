-- $1 when they are full at the latest, $2 queue. Buckets of keys that have no limit of their own.
UPDATE SCHEMA.buckets AS b SET full_at = least(full_at, $1::bigint)
WHERE b.scope = 'key' AND b.name = $2
  AND NOT EXISTS (SELECT FROM SCHEMA.limits AS l WHERE l.scope = 'key' AND l.name = b.name AND l.key = b.key)
