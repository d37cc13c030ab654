-- $1 the clock handed in, $2 limit. Of the first so many events those that are past the retention; never the newest.
WITH gone AS (
    DELETE FROM SCHEMA.events AS e
    USING SCHEMA.journal AS j, (SELECT seq FROM SCHEMA.events ORDER BY seq LIMIT $2::integer) AS f
    WHERE e.seq = f.seq AND e.seq < j.newest
      AND (e.at <= coalesce($1::timestamptz, clock_timestamp()) - j.keep OR e.seq <= j.newest - j.keep_max)
    RETURNING e.seq
)
SELECT count(*) FROM gone
