INSERT INTO headrace_logs (seq, n, at, level, message, attempt)
VALUES (?, ?, ?, ?, ?, ?)
