-- $1 job ids, $2 tokens. The running jobs under these leases, locked.
SELECT l.place, j.id::text, j.queue, j.attempt, j.max_attempts, j.claims, j.wakes, j.worker, j.started_at, j.run_at,
       j.cancel, j.reason, j.expires_at IS NOT NULL
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS l(id, token, place)
JOIN SCHEMA.jobs AS j ON j.id = ANY (ARRAY[l.id::uuid]) AND j.token = l.token
ORDER BY l.id::uuid
FOR UPDATE OF j
