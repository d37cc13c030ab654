-- scope, name, key.
SELECT concurrency, count, per, burst FROM headrace_limits WHERE scope = ? AND name = ? AND key = ?
