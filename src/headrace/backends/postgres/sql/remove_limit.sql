DELETE FROM SCHEMA.limits WHERE scope = $1 AND name = $2 AND key = $3 RETURNING scope
