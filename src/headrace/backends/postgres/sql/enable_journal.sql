-- $1 for how long events are kept, $2 how many. Answers whether it was off.
WITH was AS (SELECT is_on FROM SCHEMA.journal)
INSERT INTO SCHEMA.journal AS j (is_on, keep, keep_max) VALUES (true, $1::interval, $2::bigint)
ON CONFLICT (one) DO UPDATE SET is_on = true, keep = excluded.keep, keep_max = excluded.keep_max
RETURNING NOT coalesce((SELECT is_on FROM was), false)
