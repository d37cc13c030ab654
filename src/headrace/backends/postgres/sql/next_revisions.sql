-- $1 bucket, $2 how many. Takes the bucket's lock: writes of one bucket follow one another.
INSERT INTO SCHEMA.kv_revisions AS r (bucket, revision) VALUES ($1, $2::bigint)
ON CONFLICT (bucket) DO UPDATE SET revision = r.revision + excluded.revision
RETURNING revision
