-- name. Who holds, or last held, the lock.
SELECT owner FROM headrace_locks WHERE name = ?
