-- $1 fingerprints, $2 how many. Where the newest and the oldest failing jobs of each are, so many in each table.
SELECT p.seq FROM unnest($1::text[]) AS f(fingerprint), LATERAL (
    (SELECT seq FROM SCHEMA.ended WHERE fingerprint = f.fingerprint AND state = 'dead'
     ORDER BY seq DESC LIMIT $2::bigint)
    UNION ALL
    (SELECT seq FROM SCHEMA.ended WHERE fingerprint = f.fingerprint AND state = 'dead'
     ORDER BY seq LIMIT $2::bigint)
    UNION ALL
    (SELECT seq FROM SCHEMA.jobs WHERE fingerprint = f.fingerprint AND state IN ('scheduled', 'queued')
     ORDER BY seq DESC LIMIT $2::bigint)
    UNION ALL
    (SELECT seq FROM SCHEMA.jobs WHERE fingerprint = f.fingerprint AND state IN ('scheduled', 'queued')
     ORDER BY seq LIMIT $2::bigint)
) AS p
