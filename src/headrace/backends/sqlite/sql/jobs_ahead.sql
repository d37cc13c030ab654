-- :before a seq, :skip, :floor a seq. The job after :skip others, newest first, and the next one, which tells that there
-- are more.
SELECT seq FROM headrace_jobs WHERE seq < :before AND seq >= :floor ORDER BY seq DESC LIMIT 2 OFFSET :skip
