-- :keys JSON array of [seq, key]. Written after the rows, so that the insert of jobs without a key stays as it is.
UPDATE headrace_jobs SET unique_key = k.value ->> 1
FROM json_each(:keys) AS k
WHERE headrace_jobs.seq = k.value ->> 0
