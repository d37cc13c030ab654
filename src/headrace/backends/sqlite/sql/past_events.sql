-- :cutoff, :keep_max, :limit. The last of the first :limit events that may go; never the newest.
SELECT max(seq)
FROM (SELECT seq, at FROM headrace_events ORDER BY seq LIMIT :limit)
WHERE (at <= :cutoff OR seq <= (SELECT max(seq) FROM headrace_events) - :keep_max)
  AND seq < (SELECT max(seq) FROM headrace_events)
