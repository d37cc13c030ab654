DELETE FROM SCHEMA.openings WHERE queue = $1
