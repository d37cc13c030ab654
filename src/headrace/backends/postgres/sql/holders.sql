-- $1 limit; $2 name and $3 key of the target, where its scope has them. The text FILTERS is replaced by its condition.
-- Those begun first go first.
SELECT j.id::text FROM SCHEMA.jobs AS j WHERE FILTERS ORDER BY j.started_at, j.seq LIMIT $1::integer
