-- :before and :floor, seqs. Whether there is a job between them.
SELECT EXISTS (SELECT 1 FROM headrace_jobs WHERE seq < :before AND seq >= :floor)
