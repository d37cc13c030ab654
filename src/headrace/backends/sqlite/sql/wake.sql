-- :seq, :state, :run_at, :wake_at.
UPDATE headrace_jobs SET wakes = wakes + 1, state = :state, run_at = :run_at, wake_at = :wake_at WHERE seq = :seq
