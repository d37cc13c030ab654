-- $1 queue, $2 lanes that were served, $3 their turns. The other lanes of a key take its turn over when they are derived.
UPDATE SCHEMA.lanes AS l SET turn = n.turn
FROM unnest($2::text[], $3::bigint[]) AS n(lane, turn)
WHERE l.queue = $1 AND l.lane = n.lane
