-- :before a seq, :skip, :floor a seq. The seq of the job that comes after :skip others, newest first; none if there are fewer.
SELECT seq FROM headrace_jobs WHERE seq < :before AND seq >= :floor ORDER BY seq DESC LIMIT 1 OFFSET :skip
