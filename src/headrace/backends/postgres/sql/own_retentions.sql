SELECT name, retention::text FROM SCHEMA.queues WHERE retention IS NOT NULL
