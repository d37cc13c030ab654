SELECT name, retention FROM headrace_queues WHERE retention IS NOT NULL
