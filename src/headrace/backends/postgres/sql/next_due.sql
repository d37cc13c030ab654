SELECT min(wake_at) FROM SCHEMA.jobs WHERE wake_at IS NOT NULL
