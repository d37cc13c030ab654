INSERT INTO headrace_attempts (seq, claim, number, outcome, worker, started_at, finished_at, error)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
