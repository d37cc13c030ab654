-- $1 ids. What decides whether queued jobs are held back.
SELECT id::text, seq, queue, task, partition FROM SCHEMA.jobs WHERE id = ANY ($1::text[]::uuid[]) AND state = 'queued'
