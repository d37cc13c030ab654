-- :fingerprint, :count. Where its newest and its oldest failing jobs are, so many of each state. The second condition on the
-- state is what tells SQLite that the index of failing jobs has them all.
SELECT seq FROM (
    SELECT seq FROM headrace_jobs
    WHERE fingerprint = :fingerprint AND state = 'dead' AND state IN ('dead', 'scheduled', 'queued')
    ORDER BY seq DESC LIMIT :count
)
UNION ALL
SELECT seq FROM (
    SELECT seq FROM headrace_jobs
    WHERE fingerprint = :fingerprint AND state = 'dead' AND state IN ('dead', 'scheduled', 'queued')
    ORDER BY seq LIMIT :count
)
UNION ALL
SELECT seq FROM (
    SELECT seq FROM headrace_jobs
    WHERE fingerprint = :fingerprint AND state = 'scheduled' AND state IN ('dead', 'scheduled', 'queued')
    ORDER BY seq DESC LIMIT :count
)
UNION ALL
SELECT seq FROM (
    SELECT seq FROM headrace_jobs
    WHERE fingerprint = :fingerprint AND state = 'scheduled' AND state IN ('dead', 'scheduled', 'queued')
    ORDER BY seq LIMIT :count
)
UNION ALL
SELECT seq FROM (
    SELECT seq FROM headrace_jobs
    WHERE fingerprint = :fingerprint AND state = 'queued' AND state IN ('dead', 'scheduled', 'queued')
    ORDER BY seq DESC LIMIT :count
)
UNION ALL
SELECT seq FROM (
    SELECT seq FROM headrace_jobs
    WHERE fingerprint = :fingerprint AND state = 'queued' AND state IN ('dead', 'scheduled', 'queued')
    ORDER BY seq LIMIT :count
)
