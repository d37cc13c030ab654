-- Whether the ids of all jobs that ended lie below those in `new`.
(SELECT e.id FROM SCHEMA.ended AS e WHERE e.id >= (SELECT id FROM new ORDER BY id LIMIT 1) ORDER BY e.id LIMIT 1) IS NULL
      AND (SELECT d.id FROM SCHEMA.succeeded AS d WHERE d.id >= (SELECT id FROM new ORDER BY id LIMIT 1)
           ORDER BY d.id LIMIT 1) IS NULL
