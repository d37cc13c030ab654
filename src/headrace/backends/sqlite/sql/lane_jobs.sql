-- :queue, :lanes JSON array, :now, :limit for each lane. The next jobs of lanes that are not ordered, as one JSON array of
-- [lane, [[seq, rank, priority], ...]].
SELECT json_group_array(json_array(l.value, json((
    SELECT json_group_array(json_array(seq, rank, priority))
    FROM (
        SELECT j.seq, j.run_at - j.priority * j.step AS rank, j.priority
        FROM headrace_jobs AS j
        WHERE j.queue = :queue AND j.lane = l.value AND j.lane IS NOT NULL AND j.step IS NOT NULL
          AND j.state = 'queued' AND (j.expires_at IS NULL OR j.expires_at > :now)
        ORDER BY j.run_at - j.priority * j.step, j.seq
        LIMIT :limit
    )))))
FROM json_each(:lanes) AS l
