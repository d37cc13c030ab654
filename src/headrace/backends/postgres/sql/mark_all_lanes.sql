INSERT INTO SCHEMA.marks (queue, lane) SELECT queue, lane FROM SCHEMA.lanes
