-- One row. It is there already: an upsert finds it by its key, where UPDATE ... FROM would read every lane of the queue.
INSERT INTO headrace_lanes (queue, key, lane, stale, task, head, level, place, turn, ready, opens_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (queue, key, lane) DO UPDATE
SET stale = excluded.stale, task = excluded.task, head = excluded.head, level = excluded.level, place = excluded.place,
    turn = excluded.turn, ready = excluded.ready, opens_at = excluded.opens_at
