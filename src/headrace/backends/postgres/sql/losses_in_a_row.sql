-- $1 job ids. Attempts of each lost since one ended otherwise, or since the first after a person's retry, whose number is
-- 1 again.
SELECT a.job_id::text, count(*)
FROM SCHEMA.attempts AS a
WHERE a.job_id = ANY ($1::text[]::uuid[])
  AND a.claim > coalesce((SELECT max(o.claim) FROM SCHEMA.attempts AS o
                          WHERE o.job_id = a.job_id AND o.outcome <> 'lost'), -1)
  AND a.claim >= coalesce((SELECT max(f.claim) FROM SCHEMA.attempts AS f
                           WHERE f.job_id = a.job_id AND f.number = 1), -1)
GROUP BY a.job_id
