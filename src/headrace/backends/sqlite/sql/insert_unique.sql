-- One row: the job, its states, its period. A replaced job takes the newer policy.
INSERT INTO headrace_unique (seq, states, period)
VALUES (?, ?, ?)
ON CONFLICT (seq) DO UPDATE SET states = excluded.states, period = excluded.period
