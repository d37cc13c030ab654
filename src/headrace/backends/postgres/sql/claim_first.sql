-- The next jobs of the queue w.queue, from the start of the index.
SELECT j.ctid
FROM SCHEMA.jobs AS j
WHERE j.queue = w.queue AND j.state = 'queued'
  AND (j.expires_at IS NULL OR j.expires_at > (SELECT now FROM instant))
ORDER BY j.priority DESC, j.run_at, j.seq
LIMIT w.wanted
FOR UPDATE SKIP LOCKED
