-- $1 the clock handed in, $2 the clock for rates. The instant, both in microseconds, and what claims obey, as one JSON
-- object: queues that are paused or have an order of their own, limits, and the queues in which single keys have limits.
SELECT i.now, SCHEMA.microseconds(i.now), SCHEMA.microseconds(i.mono), json_build_object(
    'queues', coalesce((
        SELECT json_agg(json_build_array(name, paused::integer, fair::integer, ordered::integer, ageing))
        FROM SCHEMA.queues WHERE paused OR fair OR ordered OR ageing IS NOT NULL), '[]'),
    'limits', coalesce((
        SELECT json_agg(json_build_array(scope, name, concurrency, count, per, burst))
        FROM SCHEMA.limits WHERE scope IN ('store', 'queue', 'task', 'keys')), '[]'),
    'own', coalesce((
        SELECT json_agg(o.name) FROM (
            WITH RECURSIVE own (name) AS (
                SELECT min(name) FROM SCHEMA.limits WHERE scope = 'key'
                UNION ALL
                SELECT (SELECT min(l.name) FROM SCHEMA.limits AS l WHERE l.scope = 'key' AND l.name > own.name)
                FROM own WHERE own.name IS NOT NULL
            )
            SELECT name FROM own WHERE name IS NOT NULL) AS o), '[]'))::text
FROM (SELECT coalesce($1::timestamptz, clock_timestamp()) AS now, coalesce($2::timestamptz, clock_timestamp()) AS mono)
    AS i
