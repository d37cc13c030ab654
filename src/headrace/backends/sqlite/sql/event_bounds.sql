-- The first and last sequence that are kept, 0 where there are none. Two looks at an end of the table each.
SELECT coalesce((SELECT min(seq) FROM headrace_events), 0), coalesce((SELECT max(seq) FROM headrace_events), 0)
