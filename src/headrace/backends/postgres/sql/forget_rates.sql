-- $1 the first bucket that is kept.
DELETE FROM SCHEMA.rates WHERE bucket < $1::bigint
