-- :limit. Lanes without jobs that no claim has derived since: nothing is claimed from their queue.
DELETE FROM headrace_lanes WHERE (queue, key, lane) IN (
    SELECT l.queue, l.key, l.lane FROM headrace_lanes AS l
    WHERE l.stale > 0
      AND NOT EXISTS (SELECT 1 FROM headrace_jobs AS j
                      WHERE j.queue = l.queue AND j.lane = l.lane AND j.lane IS NOT NULL AND j.step IS NOT NULL
                        AND j.state = 'queued')
      AND NOT EXISTS (SELECT 1 FROM headrace_jobs AS j
                      WHERE j.queue = l.queue AND j.lane = l.lane AND j.lane IS NOT NULL AND j.step IS NULL
                        AND j.state IN ('scheduled', 'queued', 'waiting', 'running') AND j.state = 'queued')
    LIMIT :limit)
