-- $1 job ids, $2 how many lines of each are kept.
DELETE FROM SCHEMA.logs AS l
USING unnest($1::text[]) AS w(id)
WHERE l.job_id = ANY (ARRAY[w.id::uuid])
  AND l.n <= (SELECT k.n FROM SCHEMA.logs AS k WHERE k.job_id = w.id::uuid ORDER BY k.n DESC OFFSET $2::integer LIMIT 1)
