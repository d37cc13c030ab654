INSERT INTO headrace_kv_revisions (bucket, revision) VALUES (?, 1)
ON CONFLICT (bucket) DO UPDATE SET revision = revision + 1
RETURNING revision
