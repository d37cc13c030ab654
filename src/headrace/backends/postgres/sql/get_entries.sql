-- $1 bucket, $2 keys, $3 the clock for times to live.
SELECT w.place, k.key, k.value, k.revision
FROM unnest($2::text[]) WITH ORDINALITY AS w(key, place)
JOIN SCHEMA.kv AS k ON k.bucket = $1 AND k.key = w.key
WHERE k.live_until IS NULL OR k.live_until > coalesce($3::timestamptz, clock_timestamp())
