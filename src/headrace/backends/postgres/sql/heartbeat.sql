-- $1 the clock for leases, $2 job ids, $3 tokens, $4 extension, $5 the clock handed in.
WITH instant AS (
    SELECT coalesce($1::timestamptz, clock_timestamp()) AS mono, coalesce($5::timestamptz, clock_timestamp()) AS now
),
held AS MATERIALIZED (
    SELECT j.id, l.place
    FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS l(id, token, place)
    JOIN SCHEMA.jobs AS j ON j.id = l.id::uuid AND j.token = l.token
    ORDER BY j.id
    FOR UPDATE OF j
),
extended AS (
    UPDATE SCHEMA.jobs AS j
    SET lease_until = instant.mono + $4::interval
    FROM (SELECT DISTINCT id FROM held) AS h, instant
    WHERE j.id = h.id
    RETURNING j.id, CASE WHEN j.cancel THEN coalesce(j.reason, '') END AS cancel_reason
)
SELECT h.place, (SELECT now FROM instant) + $4::interval, e.cancel_reason
FROM held AS h JOIN extended AS e USING (id)
