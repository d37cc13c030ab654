-- :queue. Every job of it that has not ended, as one JSON array, each found by an index.
SELECT json_group_array(seq) FROM (
    SELECT seq FROM headrace_jobs WHERE queue = :queue AND state = 'queued'
    UNION ALL
    SELECT seq FROM headrace_jobs INDEXED BY headrace_jobs_running WHERE state = 'running' AND queue = :queue
    UNION ALL
    SELECT seq FROM headrace_jobs WHERE wake_at IS NOT NULL AND queue = :queue AND state = 'scheduled'
    UNION ALL
    SELECT seq FROM headrace_jobs WHERE queue = :queue AND state = 'waiting'
)
