-- :seq, :reason.
UPDATE headrace_jobs SET cancel = 1, reason = :reason WHERE seq = :seq
