INSERT INTO headrace_kv (bucket, key, value, revision, live_until)
VALUES (?, ?, ?, ?, ?)
ON CONFLICT (bucket, key) DO UPDATE
SET value = excluded.value, revision = excluded.revision, live_until = excluded.live_until
