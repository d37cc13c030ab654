-- One row: bucket, queue, event, how many more.
INSERT INTO headrace_rates (bucket, queue, event, n)
VALUES (?, ?, ?, ?)
ON CONFLICT (bucket, queue, event) DO UPDATE SET n = n + excluded.n
