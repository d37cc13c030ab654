INSERT INTO SCHEMA.attempts (job_id, claim, number, outcome, worker, started_at, finished_at, error, cpu_us,
                             peak_rss_bytes)
SELECT a.id::uuid, a.claim, a.number, a.outcome, a.worker, a.started_at, a.finished_at, a.error::jsonb, a.cpu_us,
       a.peak_rss_bytes
FROM unnest($1::text[], $2::integer[], $3::integer[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[],
    $8::text[], $9::bigint[], $10::bigint[])
    AS a(id, claim, number, outcome, worker, started_at, finished_at, error, cpu_us, peak_rss_bytes)
