-- The failing jobs that match, by fingerprint. The text FILTERS is replaced by the conditions that apply.
WITH failing AS MATERIALIZED (
    SELECT j.fingerprint, j.state, j.task,
           CASE j.state WHEN 'dead' THEN j.finished_at
                ELSE (SELECT max(a.finished_at) FROM SCHEMA.attempts AS a
                      WHERE a.job_id = j.id AND a.error IS NOT NULL) END AS seen
    FROM SCHEMA.all_jobs AS j
    WHERE j.fingerprint IS NOT NULL AND j.state IN ('dead', 'scheduled', 'queued') AND FILTERS
)
SELECT fingerprint, count(*) FILTER (WHERE state = 'dead') AS dead, count(*) FILTER (WHERE state <> 'dead') AS retrying,
       min(seen), max(seen) AS last_seen, array_agg(DISTINCT task)
FROM failing
GROUP BY fingerprint
ORDER BY dead DESC, retrying DESC, last_seen DESC, fingerprint
