UPDATE headrace_lanes SET stale = 1, opens_at = NULL WHERE opens_at IS NOT NULL
