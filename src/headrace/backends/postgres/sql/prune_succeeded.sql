-- $1 state, $2 cutoff, $3 a queue or NULL, $4 queues left out, $5 limit, $6 the instant. A job that holds its unique
-- key for a period stays until that is over.
WITH old AS MATERIALIZED (
    SELECT id FROM SCHEMA.succeeded
    WHERE state = $1 AND finished_at < $2::timestamptz AND ($3::text IS NULL OR queue = $3) AND queue <> ALL ($4::text[])
      AND (unique_key IS NULL OR NOT SCHEMA.holds_key(unique_policy, state, enqueued_at, $6::timestamptz))
    ORDER BY finished_at LIMIT $5::integer FOR UPDATE SKIP LOCKED
)
DELETE FROM SCHEMA.succeeded AS e USING old WHERE e.id = ANY (ARRAY[old.id]) RETURNING e.id::text, e.queue, e.idempotency_key, e.state
