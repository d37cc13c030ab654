SELECT current_setting('server_version_num')::integer, current_setting('fsync')::boolean,
       current_setting('autovacuum')::boolean, clock_timestamp(),
       pg_has_role(current_user, 'pg_read_all_stats', 'USAGE'), current_user::text
