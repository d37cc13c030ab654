-- $1 the instant, $2 limit.
DELETE FROM SCHEMA.idempotency WHERE key = ANY (ARRAY(
    SELECT key FROM SCHEMA.idempotency WHERE expires_at <= $1::timestamptz ORDER BY expires_at LIMIT $2::integer
    FOR UPDATE SKIP LOCKED))
