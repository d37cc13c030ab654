-- What a schema of four migrations held: see writer.py.
SELECT SCHEMA.make_day('2026-11-22 00:00Z');
SELECT SCHEMA.make_day('2026-11-23 00:00Z');
SELECT SCHEMA.make_day('2026-11-24 00:00Z');
SELECT SCHEMA.make_day('2026-11-25 00:00Z');
INSERT INTO SCHEMA.attempts (job_id, claim, number, outcome, worker, started_at, finished_at, error) OVERRIDING SYSTEM VALUE
    VALUES ('01a202e9-eeab-77e9-b02f-cc6175ae7870', '1', '1', 'failed', 'w-of-the-release-before', '2026-11-22 11:00:15.175272+00', '2026-11-22 11:00:15.176872+00', E'{"type": "ConnectionError", "message": "the gateway did not answer for order 4711", "traceback": "Traceback (most recent call last):\\n  File \\"shop.py\\", line 7, in charge\\nConnectionError: the gateway…", "fingerprint": "a6b6397b4bd6"}');
INSERT INTO SCHEMA.attempts (job_id, claim, number, outcome, worker, started_at, finished_at, error) OVERRIDING SYSTEM VALUE
    VALUES ('01a202e9-eed5-73d1-9980-14367a323236', '1', '1', 'failed', 'w-of-the-release-before', '2026-11-22 11:00:15.198708+00', '2026-11-22 11:00:15.199391+00', E'{"type": "ConnectionError", "message": "the gateway did not answer for order 4711", "traceback": "Traceback (most recent call last):\\n  File \\"shop.py\\", line 7, in charge\\nConnectionError: the gateway…", "fingerprint": "a6b6397b4bd6"}');
INSERT INTO SCHEMA.attempts (job_id, claim, number, outcome, worker, started_at, finished_at, error) OVERRIDING SYSTEM VALUE
    VALUES ('01a202e9-eed5-73d1-9980-14367a323236', '2', '2', 'failed', 'w-of-the-release-before', '2026-11-22 11:00:15.201554+00', '2026-11-22 11:00:15.202433+00', E'{"type": "ConnectionError", "message": "the gateway did not answer for order 4711", "traceback": "Traceback (most recent call last):\\n  File \\"shop.py\\", line 7, in charge\\nConnectionError: the gateway…", "fingerprint": "a6b6397b4bd6"}');
INSERT INTO SCHEMA.ended (id, seq, task, queue, priority, state, attempt, max_attempts, claims, wakes, run_at, enqueued_at, started_at, worker, cancel, codec, payload, task_version, idempotency_key, error, fingerprint, finished_at) OVERRIDING SYSTEM VALUE
    VALUES ('01a202e9-eed5-73d1-9980-14367a323236', '2', 'greet', 'mail', '5', 'dead', '2', '2', '2', '0', '2026-11-22 11:00:15.199391+00', '2026-11-22 11:00:15.194644+00', '2026-11-22 11:00:15.201554+00', 'w-of-the-release-before', 'false', 'json', E'\\x7b226e616d65223a22477261636520f09f9a80227d', '1', 'grace', E'{"type": "ConnectionError", "message": "the gateway did not answer for order 4711", "traceback": "Traceback (most recent call last):\\n  File \\"shop.py\\", line 7, in charge\\nConnectionError: the gateway…", "fingerprint": "a6b6397b4bd6"}', 'a6b6397b4bd6', '2026-11-22 11:00:15.202433+00');
INSERT INTO SCHEMA.ended (id, seq, task, queue, priority, state, attempt, max_attempts, claims, wakes, run_at, enqueued_at, cancel, reason, codec, payload, task_version, finished_at) OVERRIDING SYSTEM VALUE
    VALUES ('01a202e9-eef7-75c2-8633-fabe9b90ba80', '11', 'greet', 'mail', '5', 'cancelled', '0', '3', '0', '0', '2026-11-22 11:00:15.223901+00', '2026-11-22 11:00:15.223901+00', 'false', 'not wanted any more', 'json', E'\\x7b226e616d65223a224361726c227d', '1', '2026-11-22 11:00:15.224605+00');
INSERT INTO SCHEMA.ended (id, seq, task, queue, priority, state, attempt, max_attempts, claims, wakes, run_at, expires_at, enqueued_at, cancel, codec, payload, task_version, finished_at) OVERRIDING SYSTEM VALUE
    VALUES ('01a202e9-eefa-7f4b-b3bd-0349eb8741b4', '12', 'greet', 'mail', '5', 'expired', '0', '3', '0', '0', '2026-11-22 11:00:15.227516+00', '2026-11-22 11:00:15.227517+00', '2026-11-22 11:00:15.227516+00', 'false', 'json', E'\\x7b226e616d65223a22457665227d', '1', '2026-11-22 11:00:15.228367+00');
INSERT INTO SCHEMA.idempotency (key, job_id, fingerprint, expires_at) OVERRIDING SYSTEM VALUE
    VALUES ('grace', '01a202e9-eed5-73d1-9980-14367a323236', '5b3b430b3b119e2aef21dbe2e959e420', '2026-11-23 11:00:15.194644+00');
INSERT INTO SCHEMA.jobs (id, seq, task, queue, priority, state, attempt, max_attempts, claims, wakes, run_at, enqueued_at, started_at, worker, cancel, codec, payload, task_version) OVERRIDING SYSTEM VALUE
    VALUES ('01a202e9-eee8-7bf3-94ce-30ea34116d8b', '4', 'greet', 'mail', '5', 'waiting', '0', '3', '1', '0', '2026-11-22 11:00:15.209199+00', '2026-11-22 11:00:15.209199+00', '2026-11-22 11:00:15.210521+00', 'w-of-the-release-before', 'false', 'json', E'\\x7b226e616d65223a2257656e6479227d', '1');
INSERT INTO SCHEMA.jobs (id, seq, task, queue, priority, state, attempt, max_attempts, claims, wakes, run_at, enqueued_at, started_at, token, worker, lease_until, cancel, codec, payload, task_version) OVERRIDING SYSTEM VALUE
    VALUES ('01a202e9-eeec-78fe-8af6-d4f4dab5e3e4', '5', 'greet', 'of-running', '5', 'running', '1', '3', '1', '0', '2026-11-22 11:00:15.213045+00', '2026-11-22 11:00:15.213045+00', '2026-11-22 11:00:15.214315+00', 'b0baaa8757999c1a', 'w-of-the-release-before', '2026-11-22 11:00:20.214315+00', 'false', 'json', E'\\x7b226e616d65223a2252697461227d', '1');
INSERT INTO SCHEMA.jobs (id, seq, task, queue, priority, state, attempt, max_attempts, claims, wakes, run_at, enqueued_at, started_at, token, worker, lease_until, cancel, reason, codec, payload, task_version) OVERRIDING SYSTEM VALUE
    VALUES ('01a202e9-eeee-7aa7-b629-5d01d67e156e', '6', 'greet', 'of-running', '5', 'running', '1', '3', '1', '0', '2026-11-22 11:00:15.215048+00', '2026-11-22 11:00:15.215048+00', '2026-11-22 11:00:15.216444+00', 'a9421fddd8283b8c', 'w-of-the-release-before', '2026-11-22 11:00:20.216444+00', 'true', 'enough', 'json', E'\\x7b226e616d65223a22436861726c6573227d', '1');
INSERT INTO SCHEMA.jobs (id, seq, task, queue, priority, state, attempt, max_attempts, claims, wakes, run_at, enqueued_at, cancel, codec, payload, task_version) OVERRIDING SYSTEM VALUE
    VALUES ('01a202e9-eef3-7c69-9daf-50f0e0293458', '7', 'greet', 'mail', '9', 'queued', '0', '3', '0', '0', '2026-11-22 11:00:15.220271+00', '2026-11-22 11:00:15.220271+00', 'false', 'json', E'\\x7b226e616d65223a225175656e74696e227d', '1');
INSERT INTO SCHEMA.jobs (id, seq, task, queue, priority, state, attempt, max_attempts, claims, wakes, run_at, wake_at, enqueued_at, cancel, codec, payload, task_version) OVERRIDING SYSTEM VALUE
    VALUES ('01a202e9-eef4-7c16-8ad5-aed8335c2b64', '8', 'greet', 'mail', '5', 'scheduled', '0', '3', '0', '0', '2026-11-22 12:00:15.221285+00', '2026-11-22 12:00:15.221285+00', '2026-11-22 11:00:15.221285+00', 'false', 'json', E'\\x7b226e616d65223a22536f666961227d', '1');
INSERT INTO SCHEMA.jobs (id, seq, task, queue, priority, state, attempt, max_attempts, claims, wakes, run_at, enqueued_at, cancel, codec, payload, task_version) OVERRIDING SYSTEM VALUE
    VALUES ('01a202e9-eef5-7b7f-bb59-16f7c81926af', '9', 'greet', 'paused', '5', 'queued', '0', '3', '0', '0', '2026-11-22 11:00:15.222075+00', '2026-11-22 11:00:15.222075+00', 'false', 'json', E'\\x7b226e616d65223a225061756c227d', '1');
INSERT INTO SCHEMA.jobs (id, seq, task, queue, priority, state, attempt, max_attempts, claims, wakes, run_at, timeout, enqueued_at, cancel, codec, payload, task_version) OVERRIDING SYSTEM VALUE
    VALUES ('01a202e9-eef6-762e-9d13-8ec1de4d4300', '10', 'count', 'counts', '5', 'queued', '0', '5', '0', '0', '2026-11-22 11:00:15.222682+00', '00:05:00', '2026-11-22 11:00:15.222682+00', 'false', 'msgpack', E'\\x81a76e756d62657273dc0064000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f60616263', '1');
INSERT INTO SCHEMA.kv (bucket, key, value, revision) OVERRIDING SYSTEM VALUE
    VALUES ('schedules', 'nightly', E'\\x7b226e616d65223a226e696768746c79222c2272756c65223a7b2274797065223a2263726f6e222c2265787072657373696f6e223a2233302032202a202a202a222c2274696d657a6f6e65223a224575726f70652f5061726973222c22676170223a227368696674222c22666f6c64223a226669727374227d2c226a6f62223a7b226964223a22222c227461736b223a226772656574222c227061796c6f6164223a2265794a755957316c496a6f69626d6c6e6148516966513d3d222c22636f646563223a226a736f6e222c227175657565223a226d61696c222c227072696f72697479223a352c2272756e5f6174223a6e756c6c2c2264656c6179223a6e756c6c2c22657870697265735f6174223a6e756c6c2c22657870697265735f696e223a6e756c6c2c226d61785f617474656d707473223a332c2274696d656f7574223a6e756c6c2c226964656d706f74656e63795f6b6579223a6e756c6c2c226964656d706f74656e63795f77696e646f77223a22503144222c22756e69717565223a6e756c6c2c2274616773223a5b5d2c226d657461223a7b7d2c227472616365223a6e756c6c2c227461736b5f76657273696f6e223a312c22706172746974696f6e223a6e756c6c7d2c226f7665726c6170223a22736b6970222c226d697366697265223a22736b6970222c226d6973666972655f6166746572223a225054363053222c226d6973666972655f6c696d6974223a3130302c226a6974746572223a22503044222c226f726967696e223a22617069222c22706175736564223a66616c73652c2270617573655f726561736f6e223a6e756c6c2c22637265617465645f6174223a22323032362d31312d32325431313a30303a31352e3237313233315a222c2273696e6365223a22323032362d31312d32325431313a30303a31352e3237313233315a227d', '1');
INSERT INTO SCHEMA.kv_revisions (bucket, revision) OVERRIDING SYSTEM VALUE
    VALUES ('schedules', '1');
INSERT INTO SCHEMA.logs (job_id, n, at, level, message, attempt) OVERRIDING SYSTEM VALUE
    VALUES ('01a202e9-eeab-77e9-b02f-cc6175ae7870', '1', '2026-11-22 11:00:15.165933+00', 'info', 'half way', '2');
INSERT INTO SCHEMA.logs (job_id, n, at, level, message, attempt) OVERRIDING SYSTEM VALUE
    VALUES ('01a202e9-eeab-77e9-b02f-cc6175ae7870', '2', '2026-11-22 11:00:15.165933+00', 'info', 'half way', '2');
INSERT INTO SCHEMA.progress (job_id, value) OVERRIDING SYSTEM VALUE
    VALUES ('01a202e9-eeab-77e9-b02f-cc6175ae7870', '{"done": 1, "note": "half", "total": 2}');
INSERT INTO SCHEMA.queues (name, paused, pause_reason, retention, fair, ordered) OVERRIDING SYSTEM VALUE
    VALUES ('paused', 'true', 'the printer is away', '{"dead": "P90D", "expired": "P7D", "cancelled": "P7D", "succeeded": "P3D"}', 'false', 'false');
INSERT INTO SCHEMA.succeeded (id, seq, task, queue, priority, state, attempt, max_attempts, claims, wakes, run_at, enqueued_at, started_at, worker, cancel, codec, payload, task_version, tags, meta, error, fingerprint, finished_at, result, result_codec) OVERRIDING SYSTEM VALUE
    VALUES ('01a202e9-eeab-77e9-b02f-cc6175ae7870', '1', 'greet', 'mail', '5', 'succeeded', '2', '3', '2', '0', '2026-11-22 11:00:15.176872+00', '2026-11-22 11:00:15.165933+00', '2026-11-22 11:00:15.182336+00', 'w-of-the-release-before', 'false', 'json', E'\\x7b226e616d65223a22416461227d', '1', '["vip"]', '{"order": 7, "nested": {"a": [1, null]}}', E'{"type": "ConnectionError", "message": "the gateway did not answer for order 4711", "traceback": "Traceback (most recent call last):\\n  File \\"shop.py\\", line 7, in charge\\nConnectionError: the gateway…", "fingerprint": "a6b6397b4bd6"}', 'a6b6397b4bd6', '2026-11-22 11:00:15.188468+00', E'\\x2248656c6c6f2c204164612122', 'json');
INSERT INTO SCHEMA.succeeded (id, seq, task, queue, priority, state, attempt, max_attempts, claims, wakes, run_at, enqueued_at, started_at, worker, cancel, codec, payload, task_version, finished_at, result, result_codec) OVERRIDING SYSTEM VALUE
    VALUES ('01a202e9-eee5-7a92-b1fe-0038af8239dd', '3', 'count', 'counts', '5', 'succeeded', '1', '5', '1', '0', '2026-11-22 11:00:15.206337+00', '2026-11-22 11:00:15.206337+00', '2026-11-22 11:00:15.207868+00', 'w-of-the-release-before', 'false', 'msgpack', E'\\x81a76e756d6265727393010203', '1', '2026-11-22 11:00:15.208453+00', E'\\x06', 'msgpack');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.165933+00', 'mail', 'queued', '1');
INSERT INTO SCHEMA.tallies (at, queue, event, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.165933+00', 'mail', 'enqueued', '1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.175272+00', 'mail', 'queued', '-1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.175272+00', 'mail', 'running', '1');
INSERT INTO SCHEMA.tallies (at, queue, event, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.175272+00', 'mail', 'claimed', '1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.180905+00', 'mail', 'running', '-1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.180905+00', 'mail', 'queued', '1');
INSERT INTO SCHEMA.tallies (at, queue, event, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.180905+00', 'mail', 'failed', '1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.182336+00', 'mail', 'queued', '-1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.182336+00', 'mail', 'running', '1');
INSERT INTO SCHEMA.tallies (at, queue, event, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.182336+00', 'mail', 'claimed', '1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.188468+00', 'mail', 'running', '-1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.188468+00', 'mail', 'succeeded', '1');
INSERT INTO SCHEMA.tallies (at, queue, event, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.188468+00', 'mail', 'succeeded', '1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.194644+00', 'mail', 'queued', '1');
INSERT INTO SCHEMA.tallies (at, queue, event, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.194644+00', 'mail', 'enqueued', '1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.198708+00', 'mail', 'queued', '-1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.198708+00', 'mail', 'running', '1');
INSERT INTO SCHEMA.tallies (at, queue, event, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.198708+00', 'mail', 'claimed', '1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.200695+00', 'mail', 'running', '-1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.200695+00', 'mail', 'queued', '1');
INSERT INTO SCHEMA.tallies (at, queue, event, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.200695+00', 'mail', 'failed', '1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.201554+00', 'mail', 'queued', '-1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.201554+00', 'mail', 'running', '1');
INSERT INTO SCHEMA.tallies (at, queue, event, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.201554+00', 'mail', 'claimed', '1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.204715+00', 'mail', 'running', '-1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.204715+00', 'mail', 'dead', '1');
INSERT INTO SCHEMA.tallies (at, queue, event, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.204715+00', 'mail', 'failed', '1');
INSERT INTO SCHEMA.tallies (at, queue, event, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.204715+00', 'mail', 'dead', '1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.206337+00', 'counts', 'queued', '1');
INSERT INTO SCHEMA.tallies (at, queue, event, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.206337+00', 'counts', 'enqueued', '1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.207868+00', 'counts', 'queued', '-1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.207868+00', 'counts', 'running', '1');
INSERT INTO SCHEMA.tallies (at, queue, event, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.207868+00', 'counts', 'claimed', '1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.208453+00', 'counts', 'running', '-1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.208453+00', 'counts', 'succeeded', '1');
INSERT INTO SCHEMA.tallies (at, queue, event, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.208453+00', 'counts', 'succeeded', '1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.209199+00', 'mail', 'queued', '1');
INSERT INTO SCHEMA.tallies (at, queue, event, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.209199+00', 'mail', 'enqueued', '1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.210521+00', 'mail', 'queued', '-1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.210521+00', 'mail', 'running', '1');
INSERT INTO SCHEMA.tallies (at, queue, event, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.210521+00', 'mail', 'claimed', '1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.211935+00', 'mail', 'running', '-1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.211935+00', 'mail', 'waiting', '1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.213045+00', 'of-running', 'queued', '1');
INSERT INTO SCHEMA.tallies (at, queue, event, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.213045+00', 'of-running', 'enqueued', '1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.214315+00', 'of-running', 'queued', '-1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.214315+00', 'of-running', 'running', '1');
INSERT INTO SCHEMA.tallies (at, queue, event, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.214315+00', 'of-running', 'claimed', '1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.215048+00', 'of-running', 'queued', '1');
INSERT INTO SCHEMA.tallies (at, queue, event, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.215048+00', 'of-running', 'enqueued', '1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.216444+00', 'of-running', 'queued', '-1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.216444+00', 'of-running', 'running', '1');
INSERT INTO SCHEMA.tallies (at, queue, event, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.216444+00', 'of-running', 'claimed', '1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.220271+00', 'mail', 'queued', '1');
INSERT INTO SCHEMA.tallies (at, queue, event, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.220271+00', 'mail', 'enqueued', '1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.221285+00', 'mail', 'scheduled', '1');
INSERT INTO SCHEMA.tallies (at, queue, event, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.221285+00', 'mail', 'enqueued', '1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.222075+00', 'paused', 'queued', '1');
INSERT INTO SCHEMA.tallies (at, queue, event, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.222075+00', 'paused', 'enqueued', '1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.222682+00', 'counts', 'queued', '1');
INSERT INTO SCHEMA.tallies (at, queue, event, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.222682+00', 'counts', 'enqueued', '1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.223901+00', 'mail', 'queued', '1');
INSERT INTO SCHEMA.tallies (at, queue, event, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.223901+00', 'mail', 'enqueued', '1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.226266+00', 'mail', 'queued', '-1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.226266+00', 'mail', 'cancelled', '1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.227516+00', 'mail', 'queued', '1');
INSERT INTO SCHEMA.tallies (at, queue, event, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.227516+00', 'mail', 'enqueued', '1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.229818+00', 'mail', 'queued', '-1');
INSERT INTO SCHEMA.tallies (at, queue, state, n) OVERRIDING SYSTEM VALUE
    VALUES ('2026-11-22 11:00:15.229818+00', 'mail', 'expired', '1');
SELECT setval(pg_get_serial_sequence('SCHEMA.jobs', 'seq'), 12);
SELECT setval(pg_get_serial_sequence('SCHEMA.logs', 'n'), 2);
