-- $1 queues. From here on, in this transaction, what has an order is read in that of an index: see decision 64.
SELECT SCHEMA.await_turn($1::text[]), set_config('enable_sort', 'off', true)
