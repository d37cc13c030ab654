-- :alive JSON array of workers, :mono, :limit_us. Leave late jobs to workers whose process lives, for a while.
UPDATE headrace_jobs
SET silent_since = coalesce(silent_since, lease_until), lease_until = :mono + 1000000
WHERE state = 'running' AND lease_until <= :mono
  AND worker IN (SELECT value FROM json_each(:alive))
  AND :mono - coalesce(silent_since, lease_until) < :limit_us
