DELETE FROM SCHEMA.kv WHERE bucket = $1 AND key = $2
