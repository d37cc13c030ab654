-- $1 scopes, $2 names, $3 keys. Of each place: the limit there is, and when its bucket is full. A key has its own, or that
-- of each key.
SELECT w.place, l.scope, l.name, l.key, l.concurrency, l.count, l.per, l.burst, b.full_at
FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS w(scope, name, key, place)
CROSS JOIN LATERAL (
    SELECT * FROM SCHEMA.limits AS o
    WHERE (o.scope, o.name, o.key) = (w.scope, w.name, w.key)
       OR (w.scope = 'key' AND o.scope = 'keys' AND o.name = w.name AND o.key = '')
    ORDER BY o.scope LIMIT 1
) AS l
LEFT JOIN SCHEMA.buckets AS b ON b.scope = w.scope AND b.name = w.name AND b.key = w.key
