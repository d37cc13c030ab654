-- :after, :limit. Events, as one JSON array. Fields in the order of events.EventRow.
SELECT json_group_array(json_array(seq, kind, at, job_id, task, queue, state, attempt, json(tags)))
FROM (SELECT * FROM headrace_events WHERE seq > :after ORDER BY seq LIMIT :limit)
