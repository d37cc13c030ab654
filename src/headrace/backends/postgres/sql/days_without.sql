-- $1 the schema, $2 midnights. Those that begin a day without a table of its own; and whether rows went elsewhere.
SELECT array_agg(day::timestamptz ORDER BY day) FILTER (
           WHERE to_regclass($1 || '.succeeded_' || to_char(day AT TIME ZONE 'UTC', 'YYYYMMDD')) IS NULL),
       EXISTS (SELECT FROM SCHEMA.succeeded_other)
FROM unnest($2::timestamptz[]) AS d(day)
