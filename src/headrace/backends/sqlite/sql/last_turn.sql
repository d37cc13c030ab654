-- :queue. The last turn that was given to a key, and whether anything is queued.
SELECT turns, EXISTS (SELECT 1 FROM headrace_jobs WHERE queue = :queue AND state = 'queued')
FROM headrace_queues WHERE name = :queue
