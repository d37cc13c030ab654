-- :queues JSON array. Is there anything to claim, in a queue that is not paused?
SELECT EXISTS (
    SELECT 1
    FROM json_each(:queues) AS q
    WHERE EXISTS (SELECT 1 FROM headrace_jobs AS j WHERE j.queue = q.value AND j.state = 'queued')
      AND q.value NOT IN (SELECT name FROM headrace_queues WHERE paused = 1)
)
