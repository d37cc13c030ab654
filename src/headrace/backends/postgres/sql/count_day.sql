-- $1 from, $2 to.
SELECT queue, count(*) FROM SCHEMA.succeeded
WHERE finished_at >= $1::timestamptz AND finished_at < $2::timestamptz GROUP BY queue
