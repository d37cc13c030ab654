-- scope, name, key. Answers whether there was one.
DELETE FROM headrace_limits WHERE scope = ? AND name = ? AND key = ? RETURNING 1
