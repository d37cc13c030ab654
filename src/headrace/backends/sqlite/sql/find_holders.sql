-- :wanted JSON array of [task, key, states, since]. The jobs that take each key: for each of its states, the one that
-- was enqueued last, and after `since`.
SELECT w.key, j.seq, j.id, j.state, j.queue, j.run_at, j.enqueued_at
FROM json_each(:wanted) AS w
CROSS JOIN json_each(w.value, '$[2]') AS s
CROSS JOIN headrace_jobs AS j ON j.seq = (
    SELECT h.seq FROM headrace_jobs AS h
    WHERE h.task = w.value ->> 0 AND h.unique_key = w.value ->> 1 AND h.unique_key IS NOT NULL
      AND h.state = s.value AND h.enqueued_at > w.value ->> 3
    ORDER BY h.enqueued_at DESC, h.seq DESC LIMIT 1)
ORDER BY j.enqueued_at, j.seq
