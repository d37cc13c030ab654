SELECT DISTINCT queue FROM headrace_counters
