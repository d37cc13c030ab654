-- $1 before, $2 how many are skipped, $3 floor.
SELECT seq FROM SCHEMA.all_jobs WHERE seq < $1::bigint AND seq >= $3::bigint ORDER BY seq DESC LIMIT 1 OFFSET $2::bigint
