-- The last seq, what the jobs share (codec, task_version), and an array of their payloads.
INSERT INTO headrace_bodies (seq, codec, payload, task_version)
SELECT ? + payloads.rowid, ?, payloads.value, ?
FROM carray(?) AS payloads
