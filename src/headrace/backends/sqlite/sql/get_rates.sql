-- The first bucket and the last.
SELECT queue, event, sum(n) FROM headrace_rates WHERE bucket BETWEEN ? AND ? GROUP BY queue, event ORDER BY queue
