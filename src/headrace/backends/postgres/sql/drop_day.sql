-- $1 midnight, UTC.
SELECT SCHEMA.drop_day($1::timestamptz)
