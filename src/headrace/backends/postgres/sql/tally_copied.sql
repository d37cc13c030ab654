-- $1 the instant, $2 queues, $3 states, $4 events, $5 numbers. For jobs that were copied into the table just before: notes
-- them, and answers whether they may have to be put into lanes.
WITH noted AS (
    INSERT INTO SCHEMA.tallies (at, queue, state, event, n)
    SELECT $1::timestamptz, t.* FROM unnest($2::text[], $3::text[], $4::text[], $5::integer[]) AS t
)
SELECT EXISTS (SELECT FROM SCHEMA.layouts)
