-- Limits, fairness, order and ageing. A job that nothing tells apart has no lane, and costs none of this.
--
-- A lane is the part of a queue that a key and a limited task share: its jobs are claimable or held back together. A
-- claim looks at lanes in the order in which they are to be served, so that it costs what it claims, however many
-- jobs a key has and however many keys wait. Nothing in a lane is counted up or down: statements that move a job with a
-- lane append a mark, and the next claim derives the lanes that were marked anew. See decisions 18 and 33.

ALTER TABLE SCHEMA.jobs
    ADD COLUMN lane text,    -- NULL: the queue has no lanes
    ADD COLUMN step bigint;  -- microseconds a level of priority is worth; NULL: strict order

-- The order of a lane, in microseconds.
CREATE FUNCTION SCHEMA.rank_of(run_at timestamptz, priority integer, step bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT (extract(epoch FROM run_at AT TIME ZONE 'UTC') * 1000000)::bigint - priority * step $$;

-- An instant in microseconds, in which rates are reckoned.
CREATE FUNCTION SCHEMA.microseconds(at timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT (extract(epoch FROM at AT TIME ZONE 'UTC') * 1000000)::bigint $$;

CREATE INDEX jobs_laned ON SCHEMA.jobs (queue, lane, SCHEMA.rank_of(run_at, priority, step), seq)
    WHERE lane IS NOT NULL AND step IS NOT NULL AND state = 'queued';
CREATE INDEX jobs_strict ON SCHEMA.jobs (queue, lane, seq) WHERE lane IS NOT NULL AND step IS NULL;

-- What is in use.
CREATE INDEX jobs_running_keys ON SCHEMA.jobs (queue, partition)
    WHERE lane IS NOT NULL AND partition IS NOT NULL AND state = 'running';
CREATE INDEX jobs_running_tasks ON SCHEMA.jobs (task) WHERE lane IS NOT NULL AND state = 'running';

ALTER TABLE SCHEMA.queues
    ADD COLUMN fair    boolean NOT NULL DEFAULT false,
    ADD COLUMN ordered boolean NOT NULL DEFAULT false,
    ADD COLUMN ageing  bigint;             -- microseconds; NULL: priorities do not age

CREATE TABLE SCHEMA.limits (
    scope       text NOT NULL,             -- store, queue, task, keys (each key of a queue) or key (one of them)
    name        text NOT NULL,             -- of the queue or the task
    key         text NOT NULL,
    concurrency integer,
    count       integer,                   -- the rate: so many per so many microseconds, with a burst
    per         bigint,
    burst       integer,
    PRIMARY KEY (scope, name, key)
);

-- What is derived from settings and limits, for statements to look at: a row for each queue that anything holds back or
-- that has an order of its own, and one named '' for all the others where a limit on the store or on a task concerns
-- them. It has no rows where none of this is used.
CREATE TABLE SCHEMA.layouts (
    queue   text PRIMARY KEY,
    laned   boolean NOT NULL,              -- whether its jobs lie in lanes
    keyed   boolean NOT NULL,              -- whether keys are told apart
    fair    boolean NOT NULL,
    ordered boolean NOT NULL,
    step    bigint NOT NULL,               -- what a level of priority is worth
    tasks   text[] NOT NULL,               -- those with a limit
    turns   bigint NOT NULL DEFAULT 0      -- the last turn that was given to a key
);

-- The lane of a job: no row where its queue has none.
CREATE FUNCTION SCHEMA.lane_of(queue text, partition text, task text) RETURNS TABLE (lane text, step bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN l.keyed THEN coalesce($2, '') ELSE '' END
           || CASE WHEN $3 = ANY (l.tasks) AND NOT (l.ordered AND $2 IS NOT NULL) THEN chr(31) || $3 ELSE '' END,
           CASE WHEN NOT (l.ordered AND $2 IS NOT NULL) THEN l.step END
    FROM (SELECT * FROM SCHEMA.layouts AS o WHERE o.queue IN ($1, '') ORDER BY o.queue DESC LIMIT 1) AS l
    WHERE l.laned AND (SELECT EXISTS (SELECT FROM SCHEMA.layouts))  -- so that without any, it is asked once a statement
$$;

CREATE TABLE SCHEMA.lanes (
    queue    text NOT NULL,
    lane     text NOT NULL,                -- the key; a limited task follows it after a unit separator
    key      text NOT NULL,                -- '' where keys are not told apart, and for jobs without one
    again    boolean NOT NULL DEFAULT false,   -- to be derived at each claim, since a job in it has expired
    task     text NOT NULL DEFAULT '',     -- of its head, where that task is limited
    head     bigint,                       -- seq of the job to be claimed next
    level    bigint,                       -- the order in which lanes are served: by level, then by place
    place    bigint,
    turn     bigint,                       -- the key's place in the round, while it has queued jobs
    ready    boolean NOT NULL DEFAULT false,   -- it has a head, and its key's limits have room
    opens_at bigint,                       -- when a token comes that it waits for
    PRIMARY KEY (queue, lane)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX lanes_key ON SCHEMA.lanes (queue, key);
CREATE INDEX lanes_ready ON SCHEMA.lanes (queue, task, level, place) WHERE ready;
CREATE INDEX lanes_again ON SCHEMA.lanes (queue) WHERE again;
CREATE INDEX lanes_opening ON SCHEMA.lanes (queue, opens_at) WHERE opens_at IS NOT NULL;

-- Lanes whose jobs moved. Appended, as a row of `lanes` would be what all of a key's enqueuers wait for.
CREATE TABLE SCHEMA.marks (
    queue text NOT NULL,
    lane  text NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX marks_queue ON SCHEMA.marks (queue);

-- A row for each rate that was drawn on: when its bucket is full again.
CREATE TABLE SCHEMA.buckets (
    scope   text NOT NULL,
    name    text NOT NULL,
    key     text NOT NULL,
    full_at bigint NOT NULL,
    PRIMARY KEY (scope, name, key)
);

-- Queues whose last claim left queued jobs behind for want of room. What makes room calls them, so that one that nobody
-- waits for costs nothing.
CREATE TABLE SCHEMA.openings (
    queue text PRIMARY KEY,
    wide  boolean NOT NULL,                -- any queue may make room for it
    at    bigint                           -- when a token comes; NULL where no rate is at fault
);

-- Claims of a queue that is held back follow one another, so that what they count stays true until they commit: those of
-- one queue, or of all where a limit counts over several. While the rules are changed there are none. Locks are taken in
-- one order. What follows in the transaction sees all that was committed before.
CREATE FUNCTION SCHEMA.await_turn(queues text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtext('headrace SCHEMA_NAME rules'), 0);
    IF EXISTS (SELECT FROM SCHEMA.layouts WHERE queue = '') THEN
        PERFORM pg_advisory_xact_lock(hashtext('headrace SCHEMA_NAME claims'), 0);
    ELSE
        PERFORM pg_advisory_xact_lock(hashtext('headrace SCHEMA_NAME claims'), place)
        FROM (SELECT DISTINCT hashtext(q) AS place FROM unnest(queues) AS q ORDER BY place) AS places;
    END IF;
END $$;
