INSERT INTO headrace_progress (seq, value) VALUES (?, ?) ON CONFLICT (seq) DO UPDATE SET value = excluded.value
