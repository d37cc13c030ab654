-- Writes nothing while there is nothing to number.
SELECT CASE WHEN EXISTS (SELECT FROM SCHEMA.event_stage) THEN SCHEMA.number_events() END
