UPDATE headrace_bodies SET task_version = ? WHERE seq = ?
