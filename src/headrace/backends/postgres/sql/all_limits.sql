SELECT scope, name, key, concurrency, count, per, burst FROM SCHEMA.limits
