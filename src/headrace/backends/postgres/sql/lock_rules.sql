SELECT pg_advisory_xact_lock(hashtext('headrace SCHEMA_NAME rules'), 0)
