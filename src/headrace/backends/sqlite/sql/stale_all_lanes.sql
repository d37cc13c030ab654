-- After a change of figures.
UPDATE headrace_lanes SET stale = 1
