-- $1 scopes, $2 names. What is in use of limits on the store, on queues and on tasks, and when their buckets are full.
SELECT g.scope, g.name,
       CASE g.scope
           WHEN 'store' THEN (SELECT count(*) FROM SCHEMA.jobs WHERE state = 'running')
           WHEN 'queue' THEN (SELECT count(*) FROM SCHEMA.jobs WHERE state = 'running' AND queue = g.name)
           ELSE (SELECT count(*) FROM SCHEMA.jobs WHERE lane IS NOT NULL AND state = 'running' AND task = g.name)
       END,
       b.full_at
FROM unnest($1::text[], $2::text[]) AS g(scope, name)
LEFT JOIN SCHEMA.buckets AS b ON b.scope = g.scope AND b.name = g.name AND b.key = ''
