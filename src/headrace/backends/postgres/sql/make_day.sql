-- $1 midnight, UTC.
SELECT SCHEMA.make_day($1::timestamptz)
