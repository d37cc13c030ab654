INSERT INTO headrace_buckets (scope, name, key, full_at)
VALUES (?, ?, ?, ?)
ON CONFLICT (scope, name, key) DO UPDATE SET full_at = excluded.full_at
