DELETE FROM headrace_kv WHERE bucket = ? AND key = ?
