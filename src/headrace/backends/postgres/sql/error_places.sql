-- $1 fingerprints, $2 how many. Where the newest and the oldest failing jobs of each are, so many in each table.
-- A range of one value, and an order that begins with it, instead of an equality: see decision 64.
SELECT p.seq FROM unnest($1::text[]) AS f(fingerprint), LATERAL (
    (SELECT seq FROM SCHEMA.ended WHERE fingerprint >= f.fingerprint AND fingerprint <= f.fingerprint AND state = 'dead'
     ORDER BY fingerprint DESC, seq DESC LIMIT $2::bigint)
    UNION ALL
    (SELECT seq FROM SCHEMA.ended WHERE fingerprint >= f.fingerprint AND fingerprint <= f.fingerprint AND state = 'dead'
     ORDER BY fingerprint, seq LIMIT $2::bigint)
    UNION ALL
    (SELECT seq FROM SCHEMA.jobs
     WHERE fingerprint >= f.fingerprint AND fingerprint <= f.fingerprint AND state IN ('scheduled', 'queued')
     ORDER BY fingerprint DESC, seq DESC LIMIT $2::bigint)
    UNION ALL
    (SELECT seq FROM SCHEMA.jobs
     WHERE fingerprint >= f.fingerprint AND fingerprint <= f.fingerprint AND state IN ('scheduled', 'queued')
     ORDER BY fingerprint, seq LIMIT $2::bigint)
) AS p
