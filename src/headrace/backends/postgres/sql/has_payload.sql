-- $1 id, $2 payload.
SELECT 1 FROM SCHEMA.jobs WHERE id = $1::text::uuid AND payload = $2::bytea
UNION ALL
SELECT 1 FROM SCHEMA.ended WHERE id = $1::text::uuid AND payload = $2::bytea
