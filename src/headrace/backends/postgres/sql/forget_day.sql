-- $1 from, $2 to. What belongs to the jobs of a day that is dropped.
WITH d AS MATERIALIZED (
    SELECT id FROM SCHEMA.succeeded WHERE finished_at >= $1::timestamptz AND finished_at < $2::timestamptz
),
a AS (DELETE FROM SCHEMA.attempts AS t USING d WHERE t.job_id = ANY (ARRAY[d.id])),
p AS (DELETE FROM SCHEMA.progress AS t USING d WHERE t.job_id = ANY (ARRAY[d.id])),
l AS (DELETE FROM SCHEMA.logs AS t USING d WHERE t.job_id = ANY (ARRAY[d.id]))
SELECT
