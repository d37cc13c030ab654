-- :seq, :state, :run_at, :wake_at, :now.
UPDATE headrace_jobs
SET wakes = wakes + 1, state = :state, run_at = :run_at, wake_at = :wake_at, moved_at = :now
WHERE seq = :seq
