-- $1 the schema. The tables whose rows come and go: rows that live and are dead, their size, and their vacuum.
SELECT s.relname::text, s.n_live_tup, s.n_dead_tup, pg_relation_size(s.relid),
       greatest(s.last_autovacuum, s.last_vacuum),
       coalesce('autovacuum_enabled=false' = ANY (c.reloptions) OR 'autovacuum_enabled=off' = ANY (c.reloptions), false)
FROM pg_stat_user_tables AS s JOIN pg_class AS c ON c.oid = s.relid
WHERE s.schemaname = $1 AND s.relname IN ('jobs', 'tallies', 'kv')
ORDER BY s.relname
