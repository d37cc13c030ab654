-- :rows JSON array of [seq, processor time, memory], :now. mark_succeeded for jobs of which it is known what they used.
UPDATE headrace_jobs
SET state = 'succeeded', finished_at = :now, token = NULL, lease_until = NULL, silent_since = NULL,
    cpu_us = u.value ->> 1, peak_rss_bytes = u.value ->> 2
FROM json_each(:rows) AS u
WHERE headrace_jobs.seq = u.value ->> 0
