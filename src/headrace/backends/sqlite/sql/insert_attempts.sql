INSERT INTO headrace_attempts (
    seq, claim, number, outcome, worker, started_at, finished_at, error, cpu_us, peak_rss_bytes)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
