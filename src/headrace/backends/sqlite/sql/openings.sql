-- Queues whose claims wait for room.
SELECT queue FROM headrace_openings
