-- The greatest id there is. Ids grow with time, so new ones are usually all beyond it: one look instead of one each.
SELECT max(id) FROM headrace_jobs
