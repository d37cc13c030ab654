-- :seq. Attempts lost since one ended otherwise, or since the first after a person's retry, whose number is 1 again.
SELECT count(*) FROM headrace_attempts
WHERE seq = :seq
  AND claim > coalesce((SELECT max(claim) FROM headrace_attempts WHERE seq = :seq AND outcome <> 'lost'), -1)
  AND claim >= coalesce((SELECT max(claim) FROM headrace_attempts WHERE seq = :seq AND number = 1), -1)
