INSERT INTO headrace_bodies (seq, codec, payload, task_version, idempotency_key, trace, tags, meta)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
