-- When it is full at the latest; scope, name, key.
UPDATE headrace_buckets SET full_at = min(full_at, ?) WHERE scope = ? AND name = ? AND key = ?
