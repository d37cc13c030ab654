ALTER TABLE SCHEMA.attempts DROP COLUMN cpu_us, DROP COLUMN peak_rss_bytes;
ALTER TABLE SCHEMA.succeeded DROP COLUMN cpu_us, DROP COLUMN peak_rss_bytes;
