-- id. What decides whether a queued job is held back.
SELECT seq, queue, task, partition FROM headrace_jobs WHERE id = ? AND state = 'queued'
