UPDATE headrace_bodies SET tags = ? WHERE seq = ?
