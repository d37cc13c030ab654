-- $1 limit; $2 name and $3 key of the target, where its scope has them. The text FILTERS is replaced by its condition.
SELECT count(*) FROM (SELECT FROM SCHEMA.jobs AS j WHERE FILTERS LIMIT $1::integer) AS counted
