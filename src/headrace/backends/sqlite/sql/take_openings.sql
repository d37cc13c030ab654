-- mono. The queues for which a token has come.
DELETE FROM headrace_openings WHERE at <= ? RETURNING queue
