-- $1 queues. Which of them have an order of their own.
SELECT name, fair, ordered, ageing FROM SCHEMA.queues WHERE name = ANY ($1::text[])
