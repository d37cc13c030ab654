-- $1 how old a transaction may be. Those that keep dead rows from being vacuumed, the oldest first.
SELECT pid, usename::text, application_name, state, clock_timestamp() - xact_start
FROM pg_stat_activity
WHERE xact_start < clock_timestamp() - $1::interval AND backend_type = 'client backend' AND pid <> pg_backend_pid()
  AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL OR state LIKE 'idle in transaction%')
ORDER BY xact_start LIMIT 5
