SELECT j.is_on, j.keep, j.keep_max, coalesce((SELECT min(e.seq) FROM SCHEMA.events AS e), 0), j.newest
FROM SCHEMA.journal AS j
