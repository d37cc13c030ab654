-- From here on, in this transaction, what has an order is read in that of an index: see decision 64.
SELECT set_config('enable_sort', 'off', true)
