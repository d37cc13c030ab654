-- $1 limit. Adds tallies to the counters and rates; of two leaders at once, each takes rows of its own.
WITH taken AS (
    DELETE FROM SCHEMA.tallies WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM SCHEMA.tallies LIMIT $1::integer FOR UPDATE SKIP LOCKED))
    RETURNING at, queue, state, event, n
),
counted AS (
    INSERT INTO SCHEMA.counters AS c (queue, state, n)
    SELECT queue, state, sum(n) FROM taken WHERE state IS NOT NULL GROUP BY queue, state ORDER BY queue, state
    ON CONFLICT (queue, state) DO UPDATE SET n = c.n + excluded.n
),
rated AS (
    INSERT INTO SCHEMA.rates AS r (bucket, queue, event, n)
    SELECT floor(extract(epoch FROM at) / 10)::bigint AS bucket, queue, event, sum(n)
    FROM taken WHERE event IS NOT NULL GROUP BY bucket, queue, event ORDER BY bucket, queue, event
    ON CONFLICT (bucket, queue, event) DO UPDATE SET n = r.n + excluded.n
)
SELECT count(*) FROM taken
