-- Whether no job that ended has the id $2.
NOT EXISTS (SELECT FROM SCHEMA.ended AS e WHERE e.id = $2::text::uuid)
      AND NOT EXISTS (SELECT FROM SCHEMA.succeeded AS d WHERE d.id = $2::text::uuid)
