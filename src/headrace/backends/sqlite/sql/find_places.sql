-- :before and :floor, seqs. The text FILTERS is replaced by what answers the seqs of jobs. Newest first.
-- Materialized, because the order by seq would otherwise lead along the whole table instead of the index.
WITH found AS MATERIALIZED (FILTERS)
SELECT seq FROM found WHERE seq < :before AND seq >= :floor ORDER BY seq DESC
