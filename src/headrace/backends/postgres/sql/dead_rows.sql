-- Whether this user may vacuum the jobs, and how many of their rows are dead, as far as the server has counted.
SELECT pg_has_role(c.relowner, 'USAGE'), pg_stat_get_dead_tuples(c.oid)
FROM pg_class AS c WHERE c.oid = 'SCHEMA.jobs'::regclass
