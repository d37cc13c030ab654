-- $1 queue. Whether anything is queued, when the first lane that waits for a token opens, and the opening there is.
SELECT (SELECT seq FROM SCHEMA.jobs WHERE queue = $1 AND state = 'queued' ORDER BY priority DESC, run_at, seq LIMIT 1)
           IS NOT NULL,
       (SELECT opens_at FROM SCHEMA.lanes WHERE queue = $1 AND opens_at IS NOT NULL ORDER BY opens_at LIMIT 1),
       (SELECT json_build_array(wide, at) FROM SCHEMA.openings WHERE queue = $1)::text
