-- $1 queues.
SELECT SCHEMA.await_turn($1::text[])
