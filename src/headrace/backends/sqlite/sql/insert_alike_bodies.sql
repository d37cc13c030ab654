-- One row of seq and payload, of jobs that share codec and task_version.
INSERT INTO headrace_bodies (seq, codec, payload, task_version)
SELECT v.column1, ?, v.column2, ?
FROM (VALUES (?, ?)) AS v
