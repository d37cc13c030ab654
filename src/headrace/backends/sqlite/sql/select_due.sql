-- :now, :limit. Scheduled jobs, and waiting ones whose limit has come.
SELECT seq, queue, state FROM headrace_jobs WHERE wake_at <= :now ORDER BY wake_at, seq LIMIT :limit
