INSERT INTO headrace_limits (scope, name, key, concurrency, count, per, burst)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (scope, name, key) DO UPDATE
SET concurrency = excluded.concurrency, count = excluded.count, per = excluded.per, burst = excluded.burst
