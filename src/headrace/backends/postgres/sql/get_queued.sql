-- $1 ids. What decides whether queued jobs are held back.
-- A subquery for the state, lest an index of all that is queued seems to be of use: see decision 64.
SELECT j.id::text, j.seq, j.queue, j.task, j.partition
FROM unnest($1::text[]) AS i(id)
JOIN SCHEMA.jobs AS j ON j.id = ANY (ARRAY[i.id::uuid]) AND j.state = (SELECT 'queued')
