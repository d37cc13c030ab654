-- $1 after, $2 limit. The first row tells the first and the last sequence that are kept.
SELECT coalesce((SELECT min(seq) FROM SCHEMA.events), 0) AS seq, NULL::text AS kind, NULL::timestamptz AS at,
       NULL::text AS job_id, NULL::text AS task, NULL::text AS queue, NULL::text AS state, NULL::integer AS attempt,
       coalesce((SELECT newest FROM SCHEMA.journal), 0)::text AS tags, 0 AS place
UNION ALL
(SELECT seq, kind, at, job_id::text, task, queue, state, attempt, tags::text, 1
 FROM SCHEMA.events WHERE seq > $1::bigint ORDER BY seq LIMIT $2::integer)
ORDER BY place, seq
