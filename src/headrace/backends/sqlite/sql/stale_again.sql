-- One row: a lane whose head has expired since it was derived.
INSERT INTO headrace_lanes (queue, key, lane, stale)
VALUES (?, ?, ?, 1)
ON CONFLICT (queue, key, lane) DO UPDATE SET stale = 1
