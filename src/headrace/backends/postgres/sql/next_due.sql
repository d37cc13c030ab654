-- $1 the clock handed in, $2 the clock for rates. When a job is due, or a token comes for a claim that was held back.
SELECT least(
    (SELECT min(wake_at) FROM SCHEMA.jobs WHERE wake_at IS NOT NULL),
    (SELECT coalesce($1::timestamptz, clock_timestamp())
            + (min(at) - SCHEMA.microseconds(coalesce($2::timestamptz, clock_timestamp()))) * interval '1 microsecond'
     FROM SCHEMA.openings))
