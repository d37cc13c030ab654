-- One array for each field that an outcome decides: $1 ids, $2 states, $3 attempts, $4 run_at, $5 wake_at, $6 reasons,
-- $7 errors (NULL keeps the one there is). Answers the queues whose claims may have room now.
WITH moved AS (
    UPDATE SCHEMA.jobs AS j
    SET state = s.state, attempt = s.attempt, run_at = s.run_at, wake_at = s.wake_at, reason = s.reason,
        error = coalesce(s.error::jsonb, j.error),
        fingerprint = coalesce(s.error::jsonb ->> 'fingerprint', j.fingerprint), token = NULL, lease_until = NULL
    FROM unnest($1::text[], $2::text[], $3::integer[], $4::timestamptz[], $5::timestamptz[], $6::text[], $7::text[])
        AS s(id, state, attempt, run_at, wake_at, reason, error)
    WHERE j.id = ANY (ARRAY[s.id::uuid])
    RETURNING j.queue, j.lane
),
marked AS (INSERT INTO SCHEMA.marks (queue, lane) SELECT DISTINCT queue, lane FROM moved WHERE lane IS NOT NULL)
SELECT o.queue FROM SCHEMA.openings AS o WHERE o.wide OR o.queue IN (SELECT queue FROM moved)
