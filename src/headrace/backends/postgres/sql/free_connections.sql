-- How many connections are left, and how many there can be. Those kept for superusers are not counted as free.
SELECT current_setting('max_connections')::integer
         - current_setting('superuser_reserved_connections')::integer
         - coalesce(current_setting('reserved_connections', true)::integer, 0)
         - (SELECT count(*)::integer FROM pg_stat_activity WHERE backend_type = 'client backend'),
       current_setting('max_connections')::integer
