-- :tasks JSON array. How many jobs of each limited task are running.
SELECT t.value, (SELECT count(*) FROM headrace_jobs AS j
                 WHERE j.task = t.value AND j.lane IS NOT NULL AND j.state = 'running'
                   AND (j.step IS NULL OR instr(j.lane, char(31)) > 0))
FROM json_each(:tasks) AS t
