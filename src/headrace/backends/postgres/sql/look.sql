-- $1 the clock handed in, $2 job ids, $3 idempotency keys. The instant; the ids that are taken, with the states of their
-- jobs; the keys whose window is not over, with what they stand for. In one answer, as JSON.
WITH instant AS (SELECT coalesce($1::timestamptz, clock_timestamp()) AS now),
ids AS MATERIALIZED (SELECT id::uuid FROM unnest($2::text[]) AS i(id)),
-- Ids grow with time, so new ones are usually beyond all there are: three looks instead of three for each id.
floor AS MATERIALIZED (SELECT id FROM ids ORDER BY id LIMIT 1),
wanted AS MATERIALIZED (
    SELECT id FROM ids
    -- Not EXISTS, for which PostgreSQL reads a table from its start in the hope of a hit.
    WHERE (SELECT id FROM SCHEMA.jobs WHERE id >= (SELECT id FROM floor) ORDER BY id LIMIT 1) IS NOT NULL
       OR (SELECT id FROM SCHEMA.ended WHERE id >= (SELECT id FROM floor) ORDER BY id LIMIT 1) IS NOT NULL
       OR (SELECT id FROM SCHEMA.succeeded WHERE id >= (SELECT id FROM floor) ORDER BY id LIMIT 1) IS NOT NULL
)
SELECT (SELECT now FROM instant),
    (SELECT json_agg(json_build_array(t.id, t.state)) FROM (
        SELECT j.id, j.state FROM wanted JOIN SCHEMA.jobs AS j ON j.id = ANY (ARRAY[wanted.id])
        UNION ALL SELECT e.id, e.state FROM wanted JOIN SCHEMA.ended AS e ON e.id = ANY (ARRAY[wanted.id])
        UNION ALL SELECT d.id, d.state FROM wanted JOIN SCHEMA.succeeded AS d ON d.id = ANY (ARRAY[wanted.id])
    ) AS t)::text,
    (SELECT json_agg(json_build_array(k.key, k.job_id, k.fingerprint,
                                      coalesce(j.state, e.state, k.state, 'succeeded')))
     FROM SCHEMA.idempotency AS k
     LEFT JOIN SCHEMA.jobs AS j ON j.id = ANY (ARRAY[k.job_id])
     LEFT JOIN SCHEMA.ended AS e ON e.id = ANY (ARRAY[k.job_id])
     WHERE k.key = ANY ($3::text[]) AND k.expires_at > (SELECT now FROM instant))::text
