-- When the next job is due, and when the next token comes for a claim that was held back (monotonic).
SELECT (SELECT wake_at FROM headrace_jobs WHERE wake_at IS NOT NULL ORDER BY wake_at LIMIT 1),
       (SELECT min(at) FROM headrace_openings)
