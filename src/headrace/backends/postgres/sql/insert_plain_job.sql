-- $1 the clock handed in, $2 id, $3 payload, $4 task, $5 queue, $6 priority, $7 max_attempts, $8 codec, $9 task_version of a
-- plain job. Answers a row if it was stored. Otherwise its id is taken, or the store has layouts, which `insert_job`
-- sees to: in half the time of that one, since most of a small statement's time goes into making its plan ready.
-- UNKNOWN stands for TRUE where the id was made for this job, else for job_not_ended.sql: in a history of many days that is
-- a look at each. TOLD stands for 1, or for what tells of the job in a transaction of the caller's.
WITH stored AS (
    INSERT INTO SCHEMA.jobs (
        id, task, queue, priority, state, run_at, max_attempts, enqueued_at, codec, payload, task_version)
    SELECT $2::text::uuid, $4::text, $5::text, $6::smallint, 'queued', instant.now, $7::integer, instant.now, $8::text,
           $3::bytea, $9::integer
    FROM (SELECT coalesce($1::timestamptz, clock_timestamp()) AS now) AS instant
    WHERE NOT EXISTS (SELECT FROM SCHEMA.layouts)
      AND UNKNOWN
    ON CONFLICT (id) DO NOTHING
    RETURNING enqueued_at
)
INSERT INTO SCHEMA.tallies (at, queue, state, event, n)
SELECT enqueued_at, $5::text, 'queued', 'enqueued', 1 FROM stored
RETURNING TOLD
