-- $1 ids, $2 the instant of leases, or NULL. How long the leases of those jobs hold that run.
-- A subquery for the state, lest an index of all that runs seems to be of use: see decision 64.
SELECT j.id::text, j.lease_until - coalesce($2::timestamptz, clock_timestamp())
FROM unnest($1::text[]) AS i(id)
JOIN SCHEMA.jobs AS j ON j.id = ANY (ARRAY[i.id::uuid]) AND j.state = (SELECT 'running')
