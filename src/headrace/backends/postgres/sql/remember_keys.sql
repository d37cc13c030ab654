-- $1 keys, $2 job ids, $3 fingerprints, $4 instants at which they are forgotten, $5 the clock handed in. Answers the keys that were taken by this: of two transactions
-- at once, the second waits here for the first and then finds the key taken.
INSERT INTO SCHEMA.idempotency AS k (key, job_id, fingerprint, expires_at, state)
SELECT n.key, n.id::uuid, n.fingerprint, n.until, NULL
FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) AS n(key, id, fingerprint, until)
ORDER BY n.key
ON CONFLICT (key) DO UPDATE
SET job_id = excluded.job_id, fingerprint = excluded.fingerprint, expires_at = excluded.expires_at, state = NULL
WHERE k.expires_at <= coalesce($5::timestamptz, clock_timestamp())
RETURNING k.key
