INSERT INTO SCHEMA.limits (scope, name, key, concurrency, count, per, burst) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (scope, name, key) DO UPDATE
SET concurrency = excluded.concurrency, count = excluded.count, per = excluded.per, burst = excluded.burst
