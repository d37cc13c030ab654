-- $1 how many transactions ago. Standbys that keep rows which died since from being vacuumed, the oldest first.
SELECT coalesce(nullif(application_name, ''), 'no name'), coalesce(host(client_addr), 'a socket'), age(backend_xmin)
FROM pg_stat_replication
WHERE backend_xmin IS NOT NULL AND age(backend_xmin) >= $1::integer
UNION ALL
SELECT slot_name::text, 'a slot', age(xmin)
FROM pg_replication_slots
WHERE active AND xmin IS NOT NULL AND age(xmin) >= $1::integer
ORDER BY 3 DESC LIMIT 5
