-- The database and the table whose transaction ids are the oldest, with how many were used since, of 2 billion.
SELECT d.datname::text, age(d.datfrozenxid), mxid_age(d.datminmxid),
       (SELECT c.oid::regclass::text FROM pg_class AS c
        WHERE c.relkind IN ('r', 'm', 't') AND d.datname = current_database()
        ORDER BY greatest(age(c.relfrozenxid), mxid_age(c.relminmxid)) DESC LIMIT 1)
FROM pg_database AS d
WHERE d.datallowconn
ORDER BY greatest(age(d.datfrozenxid), mxid_age(d.datminmxid)) DESC LIMIT 1
