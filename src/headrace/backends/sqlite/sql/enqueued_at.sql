-- :seq. When the newest job up to there was enqueued.
SELECT enqueued_at FROM headrace_jobs WHERE seq <= :seq ORDER BY seq DESC LIMIT 1
