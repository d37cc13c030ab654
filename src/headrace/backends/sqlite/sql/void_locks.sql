UPDATE headrace_locks SET held_until = 0
