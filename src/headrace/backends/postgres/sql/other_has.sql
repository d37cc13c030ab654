-- $1 from, $2 to. Something, if rows of that day went to the partition for all others: then the day cannot have its own.
SELECT 1 FROM SCHEMA.succeeded_other WHERE finished_at >= $1::timestamptz AND finished_at < $2::timestamptz LIMIT 1
