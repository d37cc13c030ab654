INSERT INTO headrace_queues (name, paused, pause_reason, paused_at, retention, fair, ordered, ageing)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE
SET paused = excluded.paused, pause_reason = excluded.pause_reason, paused_at = excluded.paused_at,
    retention = excluded.retention, fair = excluded.fair, ordered = excluded.ordered, ageing = excluded.ageing
