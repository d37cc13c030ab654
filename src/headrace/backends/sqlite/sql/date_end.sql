-- :seq, :finished_at.
UPDATE headrace_jobs SET finished_at = :finished_at WHERE seq = :seq
