-- $1 a seq. When the newest job up to there was enqueued.
SELECT enqueued_at FROM SCHEMA.all_jobs WHERE seq <= $1::bigint ORDER BY seq DESC LIMIT 1
