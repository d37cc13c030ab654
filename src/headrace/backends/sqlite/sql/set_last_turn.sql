UPDATE headrace_queues SET turns = ? WHERE name = ?
