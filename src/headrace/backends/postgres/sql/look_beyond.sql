-- $1 the clock handed in, $2 the least of new ids. The instant, and whether every id there is lies below it. Ids grow with
-- time, so that is what a batch usually finds: three looks instead of three for each id. A job that another transaction
-- stores at the same moment is not seen; the primary key is.
-- Not EXISTS, for which PostgreSQL reads a table from its start in the hope of a hit.
SELECT coalesce($1::timestamptz, clock_timestamp()),
    (SELECT id FROM SCHEMA.jobs WHERE id >= $2::text::uuid ORDER BY id LIMIT 1) IS NULL
    AND (SELECT id FROM SCHEMA.ended WHERE id >= $2::text::uuid ORDER BY id LIMIT 1) IS NULL
    AND (SELECT id FROM SCHEMA.succeeded WHERE id >= $2::text::uuid ORDER BY id LIMIT 1) IS NULL
