-- Replication slots that nobody reads, with what they keep.
SELECT slot_name::text, pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)), xmin IS NOT NULL
FROM pg_replication_slots
WHERE NOT active AND NOT pg_is_in_recovery() AND restart_lsn IS NOT NULL
ORDER BY restart_lsn LIMIT 5
