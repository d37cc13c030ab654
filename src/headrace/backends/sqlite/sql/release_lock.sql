-- :name, :owner, :fence, :mono. The fence stays, so that the next one is larger.
UPDATE headrace_locks SET owner = NULL, held_until = 0
WHERE name = :name AND owner = :owner AND fence = :fence AND held_until > :mono
RETURNING fence
