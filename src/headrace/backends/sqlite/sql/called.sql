-- queue. Its claims have been called; a token is still waited for.
DELETE FROM headrace_openings WHERE queue = ? AND at IS NULL
