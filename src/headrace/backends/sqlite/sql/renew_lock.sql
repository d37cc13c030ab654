-- :name, :owner, :fence, :until, :mono. Answers the fence, or nothing when the lock was lost.
UPDATE headrace_locks SET held_until = :until
WHERE name = :name AND owner = :owner AND fence = :fence AND held_until > :mono
RETURNING fence
