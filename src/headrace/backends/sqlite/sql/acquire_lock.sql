-- :name, :owner, :until, :mono, :gone (an owner whose process is dead, or NULL). Answers the fence, or nothing when another owner holds the lock.
INSERT INTO headrace_locks (name, owner, fence, held_until)
VALUES (:name, :owner, 1, :until)
ON CONFLICT (name) DO UPDATE
SET owner = excluded.owner, fence = fence + 1, held_until = excluded.held_until
WHERE owner IS NULL OR owner = excluded.owner OR owner = :gone OR held_until <= :mono
RETURNING fence
