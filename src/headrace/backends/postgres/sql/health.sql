SELECT current_setting('server_version'), pg_total_relation_size(to_regclass($1)), pg_total_relation_size(to_regclass($2))
