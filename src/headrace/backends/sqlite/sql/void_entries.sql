DELETE FROM headrace_kv WHERE live_until IS NOT NULL
