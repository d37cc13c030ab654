-- :key, :name. What was kept under a key is kept under another name from now on.
UPDATE OR REPLACE headrace_meta SET key = :name WHERE key = :key
