-- $1 before and $2 floor, seqs. The text FILTERS is replaced by what answers the seqs of jobs. Newest first.
SELECT seq FROM (FILTERS) AS found WHERE seq < $1::bigint AND seq >= $2::bigint ORDER BY seq DESC
