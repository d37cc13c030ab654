-- :last. Contiguous rows at the start of the table.
DELETE FROM headrace_events WHERE seq <= :last
