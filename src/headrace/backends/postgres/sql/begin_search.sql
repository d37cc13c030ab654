-- $1 the clock handed in, or NULL, $2 for how many ms each statement may run from here on, in this transaction.
SELECT coalesce($1::timestamptz, clock_timestamp()) FROM set_config('statement_timeout', $2, true)
