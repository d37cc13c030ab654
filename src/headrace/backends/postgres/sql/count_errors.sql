-- $1 how many, $2 fingerprints, or NULL for all. How many failing jobs each fingerprint has, dead ones and those to be
-- retried, counted along the indexes of failing jobs.
WITH asked AS MATERIALIZED (
    SELECT fingerprint FROM unnest($2::text[]) AS a(fingerprint)
), counted AS (
    SELECT fingerprint, count(*) AS dead, 0 AS retrying, max(seq) AS newest FROM SCHEMA.ended
    WHERE fingerprint IS NOT NULL AND state = 'dead' AND $2::text[] IS NULL
    GROUP BY fingerprint
    UNION ALL
    SELECT fingerprint, 0, count(*), max(seq) FROM SCHEMA.jobs
    WHERE fingerprint IS NOT NULL AND state IN ('scheduled', 'queued') AND $2::text[] IS NULL
    GROUP BY fingerprint
    UNION ALL
    SELECT fingerprint, (SELECT count(*) FROM SCHEMA.ended AS e
                         WHERE e.fingerprint = asked.fingerprint AND e.state = 'dead'),
           (SELECT count(*) FROM SCHEMA.jobs AS j
            WHERE j.fingerprint = asked.fingerprint AND j.state IN ('scheduled', 'queued')), 0
    FROM asked
)
SELECT fingerprint, sum(dead)::bigint AS dead, sum(retrying)::bigint AS retrying
FROM counted
GROUP BY fingerprint
HAVING sum(dead) + sum(retrying) > 0
ORDER BY 2 DESC, 3 DESC, max(newest) DESC
LIMIT $1::bigint
