-- A job id.
SELECT at, level, message, attempt
FROM headrace_logs
WHERE seq = (SELECT seq FROM headrace_jobs WHERE id = ?)
ORDER BY n
