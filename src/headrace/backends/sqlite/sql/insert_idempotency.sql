-- A key whose window is over is taken over.
INSERT INTO headrace_idempotency (key, job_id, fingerprint, expires_at)
VALUES (?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE
SET job_id = excluded.job_id, fingerprint = excluded.fingerprint, expires_at = excluded.expires_at
