UPDATE headrace_bodies SET meta = ? WHERE seq = ?
