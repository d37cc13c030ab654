INSERT INTO SCHEMA.queues (name, paused, pause_reason, paused_at, retention) VALUES ($1, $2, $3, $4, $5::text::jsonb)
ON CONFLICT (name) DO UPDATE
SET paused = excluded.paused, pause_reason = excluded.pause_reason, paused_at = excluded.paused_at,
    retention = excluded.retention
