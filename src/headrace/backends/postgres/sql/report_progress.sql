-- $1 ids, $2 tokens, $3 values or NULL. Answers the places whose lease is current; a later value of a job wins.
WITH held AS MATERIALIZED (
    SELECT r.place, j.id, r.value
    FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS r(id, token, value, place)
    JOIN SCHEMA.jobs AS j ON j.id = ANY (ARRAY[r.id::uuid]) AND j.token = r.token
    ORDER BY r.id::uuid
    FOR SHARE OF j
),
put AS (
    INSERT INTO SCHEMA.progress (job_id, value)
    SELECT DISTINCT ON (id) id, value::jsonb FROM held WHERE value IS NOT NULL ORDER BY id, place DESC
    ON CONFLICT (job_id) DO UPDATE SET value = excluded.value
)
SELECT place FROM held
