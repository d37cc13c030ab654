DROP TRIGGER IF EXISTS headrace_events_enqueued
