-- :seqs JSON array. The last error of each job that has one.
SELECT a.seq, a.error
FROM json_each(:seqs) AS s
CROSS JOIN headrace_attempts AS a ON a.seq = s.value
WHERE a.error IS NOT NULL
ORDER BY a.seq, a.claim
