-- $1 id. What decides whether a queued job is held back.
SELECT seq, queue, task, partition FROM SCHEMA.jobs WHERE id = $1::text::uuid AND state = 'queued'
