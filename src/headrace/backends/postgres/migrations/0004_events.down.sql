SELECT SCHEMA.switch_journal(false);
DROP FUNCTION SCHEMA.switch_journal(boolean), SCHEMA.number_events(), SCHEMA.tell_of_new_jobs(),
    SCHEMA.tell_of_open_jobs(), SCHEMA.tell_of_ended_jobs(), SCHEMA.tell_of_changed_ends(), SCHEMA.event_instant();
DROP TABLE SCHEMA.events, SCHEMA.event_stage, SCHEMA.journal;
ALTER TABLE SCHEMA.jobs DROP COLUMN revived_at;
