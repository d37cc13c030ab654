-- $1 slots, ascending. Locks that end with the transaction, and its isolation. Slots of two schemas never meet.
SELECT pg_advisory_xact_lock(hashtext('headrace unique SCHEMA_NAME'), slot), current_setting('transaction_isolation')
FROM unnest($1::integer[]) AS s(slot)
