-- $1 the clock for leases, $2 job ids, $3 tokens, $4 extension, $5 the clock handed in. Answers the places of what is held,
-- until when, and why it is to be cancelled. What is told of a job is read where it is locked, so that nothing is joined.
WITH instant AS (
    SELECT coalesce($1::timestamptz, clock_timestamp()) AS mono, coalesce($5::timestamptz, clock_timestamp()) AS now
),
held AS MATERIALIZED (
    SELECT j.id, l.place, CASE WHEN j.cancel THEN coalesce(j.reason, '') END AS cancel_reason
    FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS l(id, token, place)
    JOIN SCHEMA.jobs AS j ON j.id = ANY (ARRAY[l.id::uuid]) AND j.token = l.token
    ORDER BY l.id::uuid
    FOR UPDATE OF j
),
extended AS (
    UPDATE SCHEMA.jobs AS j
    SET lease_until = instant.mono + $4::interval
    FROM instant
    WHERE j.id = ANY (ARRAY(SELECT id FROM held))
)
SELECT place, (SELECT now FROM instant) + $4::interval, cancel_reason FROM held
