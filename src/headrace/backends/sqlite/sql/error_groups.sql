-- :limit and what FILTERS binds. The failing jobs that match, by fingerprint, as one JSON array of
-- [fingerprint, dead, retrying, first seen, last seen, tasks]. The text FILTERS is replaced by the conditions that apply.
-- A left join, because SQLite leaves it out where the conditions ask nothing of it. Materialized, because each use of
-- "seen" would otherwise look into the attempts again.
WITH failing AS MATERIALIZED (
    SELECT j.fingerprint, j.state, j.task,
           iif(j.state = 'dead', j.finished_at,
               (SELECT max(a.finished_at) FROM headrace_attempts AS a
                WHERE a.seq = j.seq AND a.error IS NOT NULL)) AS seen
    FROM headrace_jobs AS j
    LEFT JOIN headrace_bodies AS b ON b.seq = j.seq
    WHERE j.fingerprint IS NOT NULL AND j.state IN ('dead', 'scheduled', 'queued') AND FILTERS
)
SELECT json_group_array(json_array(fingerprint, dead, retrying, first_seen, last_seen, json(tasks)))
FROM (
    SELECT fingerprint, sum(state = 'dead') AS dead, sum(state <> 'dead') AS retrying, min(seen) AS first_seen,
           max(seen) AS last_seen, json_group_array(DISTINCT task) AS tasks
    FROM failing
    GROUP BY fingerprint
    ORDER BY dead DESC, retrying DESC, last_seen DESC, fingerprint
    LIMIT :limit
)
