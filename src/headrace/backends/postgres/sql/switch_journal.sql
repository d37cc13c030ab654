SELECT SCHEMA.switch_journal($1::boolean)
