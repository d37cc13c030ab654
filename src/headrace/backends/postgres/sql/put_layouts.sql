-- A column of the layouts each, tasks as JSON arrays. Those left out are gone.
WITH new AS MATERIALIZED (
    SELECT n.queue, n.laned, n.keyed, n.fair, n.ordered, n.step,
           ARRAY(SELECT json_array_elements_text(n.tasks::json)) AS tasks
    FROM unnest($1::text[], $2::boolean[], $3::boolean[], $4::boolean[], $5::boolean[], $6::bigint[], $7::text[])
        AS n(queue, laned, keyed, fair, ordered, step, tasks)
),
gone AS (DELETE FROM SCHEMA.layouts AS l WHERE NOT EXISTS (SELECT FROM new AS n WHERE n.queue = l.queue))
INSERT INTO SCHEMA.layouts (queue, laned, keyed, fair, ordered, step, tasks)
SELECT * FROM new
ON CONFLICT (queue) DO UPDATE
SET laned = excluded.laned, keyed = excluded.keyed, fair = excluded.fair, ordered = excluded.ordered,
    step = excluded.step, tasks = excluded.tasks
