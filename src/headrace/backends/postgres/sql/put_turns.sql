-- $1 queue, $2 lanes that were served, $3 their turns. The other lanes of a key take its turn over when they are derived.
-- Claims of a queue follow one another, so the rows stay where they were found.
UPDATE SCHEMA.lanes AS l SET turn = n.turn
FROM (
    SELECT o.ctid AS place, s.turn
    FROM unnest($2::text[], $3::bigint[]) AS s(lane, turn)
    CROSS JOIN LATERAL (
        SELECT ctid FROM SCHEMA.lanes WHERE queue = $1 AND lane >= s.lane AND lane <= s.lane ORDER BY lane
    ) AS o
) AS n
WHERE l.ctid = n.place
