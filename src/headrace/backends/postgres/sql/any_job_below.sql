-- $1 before, $2 floor.
SELECT EXISTS (SELECT FROM SCHEMA.all_jobs WHERE seq < $1::bigint AND seq >= $2::bigint)
