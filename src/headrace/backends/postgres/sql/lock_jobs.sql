-- Waits for those who are enqueuing or claiming, and holds up those who come, for they look at layouts.
LOCK TABLE SCHEMA.jobs IN SHARE ROW EXCLUSIVE MODE
