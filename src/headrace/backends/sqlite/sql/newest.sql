-- The greatest id there is (ids grow with time, so new ones are usually all beyond it: one look instead of one each), the
-- last place in the order of enqueuing, and whether new jobs may have to be put in lanes.
SELECT (SELECT max(id) FROM headrace_jobs),
       (SELECT coalesce(max(seq), 0) FROM headrace_jobs),
       EXISTS (SELECT 1 FROM headrace_limits)
       OR EXISTS (SELECT 1 FROM headrace_queues WHERE fair = 1 OR ordered = 1 OR ageing IS NOT NULL)
