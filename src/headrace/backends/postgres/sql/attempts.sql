-- $1 job id. Ended attempts; the one that succeeded is told by the job's own row.
SELECT number, outcome, worker, started_at, finished_at, error, cpu_us, peak_rss_bytes
FROM (
    SELECT claim, number, outcome, worker, started_at, finished_at, error::text, cpu_us, peak_rss_bytes
    FROM SCHEMA.attempts WHERE job_id = $1::text::uuid
    UNION ALL
    SELECT claims, attempt, 'succeeded', worker, started_at, finished_at, NULL, cpu_us, peak_rss_bytes
    FROM SCHEMA.succeeded WHERE id = $1::text::uuid
) AS a
ORDER BY claim
