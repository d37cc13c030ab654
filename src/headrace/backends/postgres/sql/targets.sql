-- $1 job ids. Jobs that have not succeeded, wherever they are, locked.
WITH wanted AS (SELECT id::uuid, place FROM unnest($1::text[]) WITH ORDINALITY AS w(id, place)),
hot AS (
    SELECT w.place, j.id, j.queue, j.state, j.run_at, j.wake_at, j.cancel
    FROM wanted AS w JOIN SCHEMA.jobs AS j ON j.id = ANY (ARRAY[w.id]) ORDER BY w.id FOR UPDATE OF j
),
cold AS (
    SELECT w.place, e.id, e.queue, e.state, e.run_at, NULL::timestamptz, e.cancel
    FROM wanted AS w JOIN SCHEMA.ended AS e ON e.id = ANY (ARRAY[w.id]) ORDER BY w.id FOR UPDATE OF e
)
SELECT place, id::text, queue, state, run_at, wake_at, cancel FROM hot
UNION ALL
SELECT * FROM (SELECT place, id::text, queue, state, run_at, NULL::timestamptz, cancel FROM cold) AS c
UNION ALL
SELECT w.place, s.id::text, s.queue, s.state, s.run_at, NULL::timestamptz, s.cancel
FROM wanted AS w JOIN SCHEMA.succeeded AS s ON s.id = ANY (ARRAY[w.id])
