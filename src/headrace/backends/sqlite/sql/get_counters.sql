SELECT queue, state, n FROM headrace_counters WHERE n <> 0 ORDER BY queue, state
