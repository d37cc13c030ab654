-- :limit and what FILTERS binds. How many failing jobs each fingerprint has, as one JSON array of [fingerprint, dead,
-- retrying]; counted along the index of failing jobs, without a look at any. The text FILTERS is replaced by a condition on
-- the fingerprint.
SELECT json_group_array(json_array(fingerprint, dead, retrying))
FROM (
    SELECT fingerprint, sum(state = 'dead') AS dead, sum(state <> 'dead') AS retrying
    FROM headrace_jobs
    WHERE fingerprint IS NOT NULL AND state IN ('dead', 'scheduled', 'queued') AND FILTERS
    GROUP BY fingerprint
    ORDER BY dead DESC, retrying DESC, max(seq) DESC
    LIMIT :limit
)
