-- The failing jobs that match, by fingerprint. The text FILTERS is replaced by the conditions that apply, SAMPLES by how
-- many of the newest jobs of each are named. Both tables by themselves, because their indexes of failing jobs are not
-- seen through a view of all jobs.
WITH failing AS MATERIALIZED (
    SELECT j.fingerprint, j.state, j.task, j.seq, j.id,
           (SELECT max(a.finished_at) FROM SCHEMA.attempts AS a WHERE a.job_id = j.id AND a.error IS NOT NULL) AS seen
    FROM (SELECT *, NULL::timestamptz AS finished_at FROM SCHEMA.jobs) AS j
    WHERE j.fingerprint IS NOT NULL AND j.state IN ('scheduled', 'queued') AND FILTERS
    UNION ALL
    SELECT j.fingerprint, j.state, j.task, j.seq, j.id, j.finished_at
    FROM SCHEMA.ended AS j
    WHERE j.fingerprint IS NOT NULL AND j.state = 'dead' AND FILTERS
)
SELECT fingerprint, count(*) FILTER (WHERE state = 'dead') AS dead, count(*) FILTER (WHERE state <> 'dead') AS retrying,
       min(seen), max(seen) AS last_seen, array_agg(DISTINCT task),
       (array_agg(id::text ORDER BY seq DESC))[1:SAMPLES]
FROM failing
GROUP BY fingerprint
ORDER BY dead DESC, retrying DESC, last_seen DESC, fingerprint
