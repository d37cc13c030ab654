-- $1 before, $2 floor. The text TABLE is replaced by where the jobs are.
SELECT EXISTS (SELECT FROM TABLE AS j WHERE seq < $1::bigint AND seq >= $2::bigint)
