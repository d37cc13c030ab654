-- What an attempt used, where its executor could tell: of one that ended otherwise beside it, of the one that succeeded
-- in the job's own row, which is written at that moment anyway.

ALTER TABLE headrace_attempts ADD COLUMN cpu_us INTEGER;
ALTER TABLE headrace_attempts ADD COLUMN peak_rss_bytes INTEGER;
ALTER TABLE headrace_jobs ADD COLUMN cpu_us INTEGER;
ALTER TABLE headrace_jobs ADD COLUMN peak_rss_bytes INTEGER;
