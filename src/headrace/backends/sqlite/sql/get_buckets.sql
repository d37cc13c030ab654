-- :targets JSON array of [scope, name, key]. Those that were drawn on.
SELECT b.scope, b.name, b.key, b.full_at
FROM json_each(:targets) AS t
CROSS JOIN headrace_buckets AS b ON b.scope = t.value ->> 0 AND b.name = t.value ->> 1 AND b.key = t.value ->> 2
