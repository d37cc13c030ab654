-- One row: queue, state, how many more (or fewer).
INSERT INTO headrace_counters (queue, state, n)
VALUES (?, ?, ?)
ON CONFLICT (queue, state) DO UPDATE SET n = n + excluded.n
