-- :seqs JSON array of jobs of one queue; :laned, :keyed, :ordered and :step of that queue's rules. As Rules.lane does.
UPDATE headrace_jobs
SET lane = iif(:laned,
        iif(:keyed, ifnull(partition, ''), '')
        || iif(NOT (:ordered AND partition IS NOT NULL)
               AND EXISTS (SELECT 1 FROM headrace_limits WHERE scope = 'task' AND name = task AND key = ''),
               char(31) || task, ''),
        NULL),
    step = iif(:laned AND NOT (:ordered AND partition IS NOT NULL), :step, NULL)
WHERE seq IN (SELECT value FROM json_each(:seqs))
