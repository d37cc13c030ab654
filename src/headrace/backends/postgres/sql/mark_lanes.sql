-- $1 queue, $2 lanes that are to be derived anew.
INSERT INTO SCHEMA.marks (queue, lane) SELECT $1, l.lane FROM unnest($2::text[]) AS l(lane)
