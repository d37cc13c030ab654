SELECT name FROM headrace_queues WHERE paused = 1
