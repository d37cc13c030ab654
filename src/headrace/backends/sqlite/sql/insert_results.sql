INSERT INTO headrace_results (seq, codec, result)
VALUES (?, ?, ?)
ON CONFLICT (seq) DO UPDATE SET codec = excluded.codec, result = excluded.result
