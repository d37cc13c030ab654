-- $1 queue. The last turn that was given to a key, and whether anything is queued.
SELECT turns,
       (SELECT seq FROM SCHEMA.jobs WHERE queue = $1 AND state = 'queued' ORDER BY priority DESC, run_at, seq LIMIT 1)
       IS NOT NULL
FROM SCHEMA.layouts WHERE queue = $1
