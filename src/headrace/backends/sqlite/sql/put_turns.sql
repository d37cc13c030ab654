-- One row: a lane that was served. The others of its key take its turn over when they are derived: all are stale now.
INSERT INTO headrace_lanes (queue, key, lane, turn, stale)
VALUES (?, ?, ?, ?, 1)
ON CONFLICT (queue, key, lane) DO UPDATE SET turn = excluded.turn
