-- After the body, which follows the job's row in its transaction: the tags are there by then.
CREATE TRIGGER IF NOT EXISTS headrace_events_enqueued AFTER INSERT ON headrace_bodies
BEGIN
    INSERT INTO headrace_events (at, kind, job_id, task, queue, state, attempt, tags)
    SELECT enqueued_at, 'job.enqueued', id, task, queue, state, attempt, NEW.tags
    FROM headrace_jobs WHERE seq = NEW.seq;
END
