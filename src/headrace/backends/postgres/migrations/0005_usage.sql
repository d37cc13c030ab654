-- What an attempt used, where its executor could tell. Columns without a default: no row is rewritten.
ALTER TABLE SCHEMA.attempts ADD COLUMN cpu_us bigint, ADD COLUMN peak_rss_bytes bigint;
ALTER TABLE SCHEMA.succeeded ADD COLUMN cpu_us bigint, ADD COLUMN peak_rss_bytes bigint;
