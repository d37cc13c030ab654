-- Files of the server's log that were made since the statistics began, but for those made ahead of need; how long ago that
-- was; and the settings. From version 18 on.
SELECT coalesce(sum(writes), 0)::bigint,
       greatest(clock_timestamp() - coalesce(min(stats_reset), pg_postmaster_start_time()), interval '1 second'),
       current_setting('min_wal_size'), current_setting('max_wal_size')
FROM pg_stat_io
WHERE object = 'wal' AND context = 'init' AND backend_type <> 'checkpointer'
