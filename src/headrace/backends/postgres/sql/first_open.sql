-- $1 queue, $2 lane, $3 seq. The first job of an ordered key that has not ended, if it is an earlier one.
SELECT id::text FROM SCHEMA.jobs
WHERE queue = $1 AND lane = $2 AND lane IS NOT NULL AND step IS NULL AND seq < $3::bigint
ORDER BY seq LIMIT 1
