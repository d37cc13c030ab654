UPDATE SCHEMA.journal SET is_on = false WHERE is_on RETURNING true
