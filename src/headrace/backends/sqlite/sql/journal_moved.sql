-- The kinds are those of model.event.event_between.
CREATE TRIGGER IF NOT EXISTS headrace_events_moved AFTER UPDATE OF state ON headrace_jobs WHEN OLD.state <> NEW.state
BEGIN
    INSERT INTO headrace_events (at, kind, job_id, task, queue, state, attempt, tags)
    VALUES (
        CASE WHEN NEW.state = 'running' THEN NEW.started_at ELSE coalesce(NEW.finished_at, NEW.moved_at) END,
        CASE
            WHEN NEW.state = 'running' THEN 'job.started'
            WHEN NEW.state IN ('waiting', 'succeeded', 'dead', 'cancelled', 'expired') THEN 'job.' || NEW.state
            WHEN OLD.state IN ('dead', 'cancelled', 'expired') THEN 'job.requeued'
            WHEN OLD.state <> 'running' THEN 'job.' || NEW.state
            WHEN NEW.attempt >= OLD.attempt THEN 'job.retrying'
            WHEN NEW.state = 'queued' THEN 'job.released'
            ELSE 'job.snoozed'
        END,
        NEW.id, NEW.task, NEW.queue, NEW.state, NEW.attempt,
        (SELECT tags FROM headrace_bodies WHERE seq = NEW.seq));
END
