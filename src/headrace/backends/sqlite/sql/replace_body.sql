-- :seq and the rest of it. The idempotency key stays that of the first.
UPDATE headrace_bodies
SET codec = :codec, payload = :payload, task_version = :task_version, trace = :trace, tags = :tags, meta = :meta
WHERE seq = :seq
