-- The job, and the last line to go.
DELETE FROM headrace_logs WHERE seq = ? AND n <= ?
