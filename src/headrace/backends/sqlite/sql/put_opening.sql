INSERT INTO headrace_openings (queue, at) VALUES (?, ?) ON CONFLICT (queue) DO UPDATE SET at = excluded.at
