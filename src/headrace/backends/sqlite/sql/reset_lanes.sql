-- :queue. After a change of its rules.
UPDATE headrace_lanes SET stale = 1, turn = NULL WHERE queue = :queue
