-- $1 from, $2 to, $3 the instant.
SELECT EXISTS (
    SELECT FROM SCHEMA.succeeded
    WHERE finished_at >= $1::timestamptz AND finished_at < $2::timestamptz AND unique_key IS NOT NULL
      AND SCHEMA.holds_key(unique_policy, state, enqueued_at, $3::timestamptz))
