-- $1 first bucket, $2 last bucket.
SELECT queue, event, sum(n)::bigint
FROM (
    SELECT bucket, queue, event, n FROM SCHEMA.rates
    UNION ALL
    SELECT floor(extract(epoch FROM at) / 10)::bigint, queue, event, n FROM SCHEMA.tallies WHERE event IS NOT NULL
) AS t
WHERE bucket BETWEEN $1::bigint AND $2::bigint
GROUP BY queue, event HAVING sum(n) <> 0 ORDER BY queue
