-- The first event's sequence and instant, and the last sequence. No row where there are none.
SELECT seq, at, (SELECT max(seq) FROM headrace_events) FROM headrace_events ORDER BY seq LIMIT 1
