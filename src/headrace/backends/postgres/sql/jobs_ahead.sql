-- $1 before, $2 how many are skipped, $3 floor. The text TABLE is replaced by where the jobs are. The job after those, and
-- the next one, which tells that there are more.
SELECT seq FROM TABLE AS j WHERE seq < $1::bigint AND seq >= $3::bigint ORDER BY seq DESC LIMIT 2 OFFSET $2::bigint
