-- :state, :queue or NULL for all.
SELECT coalesce(sum(n), 0) FROM headrace_counters WHERE state = :state AND (:queue IS NULL OR queue = :queue)
