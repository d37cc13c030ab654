-- :queue, :mono. Lanes for which a token has come, and those in which jobs have expired, are to be derived anew.
INSERT INTO headrace_lanes (queue, key, lane, stale)
SELECT queue, key, lane, 1
FROM (
    SELECT queue, key, lane FROM headrace_lanes WHERE queue = :queue AND stale > 0 AND stale = 2
    UNION ALL
    SELECT queue, key, lane FROM headrace_lanes WHERE queue = :queue AND opens_at IS NOT NULL AND opens_at <= :mono
)
WHERE TRUE
ON CONFLICT (queue, key, lane) DO UPDATE SET stale = 1
