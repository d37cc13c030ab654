UPDATE headrace_bodies SET payload = ? WHERE seq = ?
