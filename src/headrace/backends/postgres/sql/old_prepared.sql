-- $1 how old one may be. Prepared transactions that nobody has ended.
SELECT gid, owner::text, clock_timestamp() - prepared FROM pg_prepared_xacts
WHERE prepared < clock_timestamp() - $1::interval ORDER BY prepared LIMIT 5
