-- $1 keys, $2 states. What a key answers after its job was pruned.
UPDATE SCHEMA.idempotency AS k SET state = n.state
FROM unnest($1::text[], $2::text[]) AS n(key, state) WHERE k.key = ANY (ARRAY[n.key])
