-- $1 ids of ended jobs, $2 the instant. For each the live job, if there is one, that takes its unique key by its own
-- policy; of several the one enqueued last.
SELECT e.id::text, r.id::text
FROM SCHEMA.ended AS e
CROSS JOIN LATERAL (
    SELECT j.id FROM SCHEMA.jobs AS j
    WHERE j.task = e.task AND j.unique_key = e.unique_key AND e.unique_policy -> 'states' ? j.state
      AND (e.unique_policy ->> 'period' IS NULL
           OR j.enqueued_at > $2::timestamptz - (e.unique_policy ->> 'period')::double precision * interval '1 microsecond')
    ORDER BY j.enqueued_at DESC, j.seq DESC LIMIT 1
) AS r
WHERE e.id = ANY ($1::text[]::uuid[])
