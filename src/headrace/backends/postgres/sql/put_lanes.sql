-- $1 queue, then a column of the lanes each: $2 keys, $3 lanes, $4 again, $5 tasks, $6 heads, $7 levels, $8 places,
-- $9 turns, $10 ready, $11 opens_at. Lanes without jobs and turn are forgotten. Claims of a queue follow one another, so
-- the rows stay where they were found.
WITH new AS MATERIALIZED (
    SELECT *, head IS NULL AND turn IS NULL AND NOT again AS empty
    FROM unnest($2::text[], $3::text[], $4::boolean[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[],
                $9::bigint[], $10::boolean[], $11::bigint[])
        AS n(key, lane, again, task, head, level, place, turn, ready, opens_at)
),
gone AS (
    DELETE FROM SCHEMA.lanes
    WHERE ctid = ANY (ARRAY(
        SELECT o.ctid FROM new AS n CROSS JOIN LATERAL (
            SELECT ctid FROM SCHEMA.lanes WHERE queue = $1 AND lane >= n.lane AND lane <= n.lane ORDER BY lane
        ) AS o
        WHERE n.empty))
)
INSERT INTO SCHEMA.lanes (queue, key, lane, again, task, head, level, place, turn, ready, opens_at)
SELECT $1, key, lane, again, task, head, level, place, turn, ready, opens_at FROM new WHERE NOT empty
ON CONFLICT (queue, lane) DO UPDATE
SET again = excluded.again, task = excluded.task, head = excluded.head, level = excluded.level, place = excluded.place,
    turn = excluded.turn, ready = excluded.ready, opens_at = excluded.opens_at
