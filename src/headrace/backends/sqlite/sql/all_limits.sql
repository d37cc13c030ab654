SELECT scope, name, key, concurrency, count, per, burst FROM headrace_limits
