-- $1 queue, $2 whether any queue may make room for it, $3 when a token comes or NULL.
INSERT INTO SCHEMA.openings (queue, wide, at) VALUES ($1, $2, $3)
ON CONFLICT (queue) DO UPDATE SET wide = excluded.wide, at = excluded.at
