SELECT queue, state, sum(n)::bigint
FROM (
    SELECT queue, state, n FROM SCHEMA.counters
    UNION ALL
    SELECT queue, state, n FROM SCHEMA.tallies WHERE state IS NOT NULL
) AS t
GROUP BY queue, state HAVING sum(n) <> 0 ORDER BY queue, state
