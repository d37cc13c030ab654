UPDATE SCHEMA.queues SET fair = $2, ordered = $3, ageing = $4 WHERE name = $1
