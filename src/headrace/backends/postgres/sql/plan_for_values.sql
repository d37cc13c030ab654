-- From here on, plans for the values that are asked with, of any kind: until the transaction ends.
SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config(plan, 'on', true)
FROM unnest(ARRAY['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin']) AS p(plan)
