-- A file as the first release wrote it: see writer.py.
BEGIN TRANSACTION;
CREATE TABLE headrace_attempts (
    seq         INTEGER NOT NULL,
    claim       INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    outcome     TEXT    NOT NULL,
    worker      TEXT    NOT NULL,
    started_at  INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    error       TEXT,
    PRIMARY KEY (seq, claim)
) STRICT, WITHOUT ROWID;
INSERT INTO "headrace_attempts" VALUES(1,1,1,'failed','w-of-the-release-before',1795345184740609,1795345184741366,'{"type":"ConnectionError","message":"the gateway did not answer for order 4711","traceback":"Traceback (most recent call last):\n  File \"shop.py\", line 7, in charge\nConnectionError: the gateway…"}');
INSERT INTO "headrace_attempts" VALUES(2,1,1,'failed','w-of-the-release-before',1795345184751953,1795345184752308,'{"type":"ConnectionError","message":"the gateway did not answer for order 4711","traceback":"Traceback (most recent call last):\n  File \"shop.py\", line 7, in charge\nConnectionError: the gateway…"}');
INSERT INTO "headrace_attempts" VALUES(2,2,2,'failed','w-of-the-release-before',1795345184755976,1795345184756375,'{"type":"ConnectionError","message":"the gateway did not answer for order 4711","traceback":"Traceback (most recent call last):\n  File \"shop.py\", line 7, in charge\nConnectionError: the gateway…"}');
CREATE TABLE headrace_bodies (
    seq             INTEGER PRIMARY KEY,
    codec           TEXT NOT NULL,
    payload         ANY  NOT NULL,
    task_version    INTEGER NOT NULL,
    idempotency_key TEXT,
    trace           TEXT,
    tags            TEXT,
    meta            TEXT
) STRICT;
INSERT INTO "headrace_bodies" VALUES(1,'json','{"name":"Ada"}',1,NULL,NULL,'["vip"]','{"order":7,"nested":{"a":[1,null]}}');
INSERT INTO "headrace_bodies" VALUES(2,'json','{"name":"Grace 🚀"}',1,'grace',NULL,NULL,NULL);
INSERT INTO "headrace_bodies" VALUES(3,'msgpack',X'81A76E756D6265727393010203',1,NULL,NULL,NULL,NULL);
INSERT INTO "headrace_bodies" VALUES(4,'json','{"name":"Wendy"}',1,NULL,NULL,NULL,NULL);
INSERT INTO "headrace_bodies" VALUES(5,'json','{"name":"Rita"}',1,NULL,NULL,NULL,NULL);
INSERT INTO "headrace_bodies" VALUES(6,'json','{"name":"Charles"}',1,NULL,NULL,NULL,NULL);
INSERT INTO "headrace_bodies" VALUES(7,'json','{"name":"Quentin"}',1,NULL,NULL,NULL,NULL);
INSERT INTO "headrace_bodies" VALUES(8,'json','{"name":"Sofia"}',1,NULL,NULL,NULL,NULL);
INSERT INTO "headrace_bodies" VALUES(9,'json','{"name":"Paul"}',1,NULL,NULL,NULL,NULL);
INSERT INTO "headrace_bodies" VALUES(10,'msgpack',X'81A76E756D62657273DC0064000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F202122232425262728292A2B2C2D2E2F303132333435363738393A3B3C3D3E3F404142434445464748494A4B4C4D4E4F505152535455565758595A5B5C5D5E5F60616263',1,NULL,NULL,NULL,NULL);
INSERT INTO "headrace_bodies" VALUES(11,'json','{"name":"Carl"}',1,NULL,NULL,NULL,NULL);
INSERT INTO "headrace_bodies" VALUES(12,'json','{"name":"Eve"}',1,NULL,NULL,NULL,NULL);
CREATE TABLE headrace_counters (
    queue TEXT    NOT NULL,
    state TEXT    NOT NULL,
    n     INTEGER NOT NULL,
    PRIMARY KEY (queue, state)
) STRICT, WITHOUT ROWID;
INSERT INTO "headrace_counters" VALUES('counts','queued',1);
INSERT INTO "headrace_counters" VALUES('counts','running',0);
INSERT INTO "headrace_counters" VALUES('counts','succeeded',1);
INSERT INTO "headrace_counters" VALUES('mail','cancelled',1);
INSERT INTO "headrace_counters" VALUES('mail','dead',1);
INSERT INTO "headrace_counters" VALUES('mail','expired',1);
INSERT INTO "headrace_counters" VALUES('mail','queued',1);
INSERT INTO "headrace_counters" VALUES('mail','running',0);
INSERT INTO "headrace_counters" VALUES('mail','scheduled',1);
INSERT INTO "headrace_counters" VALUES('mail','succeeded',1);
INSERT INTO "headrace_counters" VALUES('mail','waiting',1);
INSERT INTO "headrace_counters" VALUES('of-running','queued',0);
INSERT INTO "headrace_counters" VALUES('of-running','running',2);
INSERT INTO "headrace_counters" VALUES('paused','queued',1);
CREATE TABLE headrace_idempotency (
    key         TEXT PRIMARY KEY,
    job_id      TEXT    NOT NULL,
    fingerprint TEXT    NOT NULL,
    expires_at  INTEGER NOT NULL,
    state       TEXT
) STRICT, WITHOUT ROWID;
INSERT INTO "headrace_idempotency" VALUES('grace','01a202e9-77eb-7a27-82c5-86797d8ead5a','5b3b430b3b119e2aef21dbe2e959e420',1795431584747766,NULL);
CREATE TABLE headrace_jobs (
    seq          INTEGER PRIMARY KEY,
    id           TEXT    NOT NULL UNIQUE,
    task         TEXT    NOT NULL,
    queue        TEXT    NOT NULL,
    priority     INTEGER NOT NULL,
    state        TEXT    NOT NULL,
    run_at       INTEGER NOT NULL,
    wake_at      INTEGER,
    expires_at   INTEGER,
    timeout      INTEGER,
    attempt      INTEGER NOT NULL,
    max_attempts INTEGER NOT NULL,
    claims       INTEGER NOT NULL,
    wakes        INTEGER NOT NULL,
    token        TEXT,
    worker       TEXT,
    lease_until  INTEGER,
    silent_since INTEGER,
    cancel       INTEGER NOT NULL,
    reason       TEXT,
    enqueued_at  INTEGER NOT NULL,
    started_at   INTEGER,
    finished_at  INTEGER
) STRICT;
INSERT INTO "headrace_jobs" VALUES(1,'01a202e9-77e1-72be-8147-707e5b607cce','greet','mail',5,'succeeded',1795345184741366,NULL,NULL,NULL,2,3,2,0,NULL,'w-of-the-release-before',NULL,NULL,0,NULL,1795345184737404,1795345184743130,1795345184744081);
INSERT INTO "headrace_jobs" VALUES(2,'01a202e9-77eb-7a27-82c5-86797d8ead5a','greet','mail',5,'dead',1795345184752308,NULL,NULL,NULL,2,2,2,0,NULL,'w-of-the-release-before',NULL,NULL,0,NULL,1795345184747766,1795345184755976,1795345184756375);
INSERT INTO "headrace_jobs" VALUES(3,'01a202e9-77f6-70d6-865f-ba93baec9093','count','counts',5,'succeeded',1795345184758185,NULL,NULL,NULL,1,5,1,0,NULL,'w-of-the-release-before',NULL,NULL,0,NULL,1795345184758185,1795345184768234,1795345184768534);
INSERT INTO "headrace_jobs" VALUES(4,'01a202e9-7803-7db7-9622-efb80447a144','greet','mail',5,'waiting',1795345184772024,NULL,NULL,NULL,0,3,1,0,NULL,'w-of-the-release-before',NULL,NULL,0,NULL,1795345184772024,1795345184776090,NULL);
INSERT INTO "headrace_jobs" VALUES(5,'01a202e9-780c-7977-863d-efca53ed3ef9','greet','of-running',5,'running',1795345184780730,NULL,NULL,NULL,1,3,1,0,'4440749e766ccaa8','w-of-the-release-before',34598869643,NULL,0,NULL,1795345184780730,1795345184785050,NULL);
INSERT INTO "headrace_jobs" VALUES(6,'01a202e9-7811-74b8-9e71-dc32934f4a7c','greet','of-running',5,'running',1795345184787531,NULL,NULL,NULL,1,3,1,0,'46e61e6fd4f59482','w-of-the-release-before',34598877159,NULL,1,'enough',1795345184787531,1795345184792589,NULL);
INSERT INTO "headrace_jobs" VALUES(7,'01a202e9-7823-7b86-a7a9-c29dd0a21445','greet','mail',9,'queued',1795345184803897,NULL,NULL,NULL,0,3,0,0,NULL,NULL,NULL,NULL,0,NULL,1795345184803897,NULL,NULL);
INSERT INTO "headrace_jobs" VALUES(8,'01a202e9-782a-71b3-ab90-e9fb7cb010f3','greet','mail',5,'scheduled',1795348784810289,1795348784810289,NULL,NULL,0,3,0,0,NULL,NULL,NULL,NULL,0,NULL,1795345184810289,NULL,NULL);
INSERT INTO "headrace_jobs" VALUES(9,'01a202e9-782c-7891-b92b-465517a2127e','greet','paused',5,'queued',1795345184812682,NULL,NULL,NULL,0,3,0,0,NULL,NULL,NULL,NULL,0,NULL,1795345184812682,NULL,NULL);
INSERT INTO "headrace_jobs" VALUES(10,'01a202e9-7833-7a0a-99c3-98efb76172fc','count','counts',5,'queued',1795345184819803,NULL,NULL,300000000,0,5,0,0,NULL,NULL,NULL,NULL,0,NULL,1795345184819803,NULL,NULL);
INSERT INTO "headrace_jobs" VALUES(11,'01a202e9-783b-7bd7-b80a-650bd98f1927','greet','mail',5,'cancelled',1795345184827930,NULL,NULL,NULL,0,3,0,0,NULL,NULL,NULL,NULL,0,'not wanted any more',1795345184827930,NULL,1795345184835828);
INSERT INTO "headrace_jobs" VALUES(12,'01a202e9-784b-7a71-8d56-ecbcb51ecc56','greet','mail',5,'expired',1795345184843832,NULL,1795345184843833,NULL,0,3,0,0,NULL,NULL,NULL,NULL,0,NULL,1795345184843832,NULL,1795345184848083);
CREATE TABLE headrace_kv (
    bucket     TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    value      BLOB    NOT NULL,
    revision   INTEGER NOT NULL,
    live_until INTEGER,
    PRIMARY KEY (bucket, key)
) STRICT, WITHOUT ROWID;
INSERT INTO "headrace_kv" VALUES('schedules','nightly',X'7B226E616D65223A226E696768746C79222C2272756C65223A7B2274797065223A2263726F6E222C2265787072657373696F6E223A2233302032202A202A202A222C2274696D657A6F6E65223A224575726F70652F5061726973222C22676170223A227368696674222C22666F6C64223A226669727374227D2C226A6F62223A7B226964223A22222C227461736B223A226772656574222C227061796C6F6164223A2265794A755957316C496A6F69626D6C6E6148516966513D3D222C22636F646563223A226A736F6E222C227175657565223A226D61696C222C227072696F72697479223A352C2272756E5F6174223A6E756C6C2C2264656C6179223A6E756C6C2C22657870697265735F6174223A6E756C6C2C22657870697265735F696E223A6E756C6C2C226D61785F617474656D707473223A332C2274696D656F7574223A6E756C6C2C226964656D706F74656E63795F6B6579223A6E756C6C2C226964656D706F74656E63795F77696E646F77223A22503144222C2274616773223A5B5D2C226D657461223A7B7D2C227472616365223A6E756C6C2C227461736B5F76657273696F6E223A317D2C226F7665726C6170223A22736B6970222C226D697366697265223A22736B6970222C226D6973666972655F6166746572223A225054363053222C226D6973666972655F6C696D6974223A3130302C226A6974746572223A22503044222C226F726967696E223A22617069222C22706175736564223A66616C73652C2270617573655F726561736F6E223A6E756C6C2C22637265617465645F6174223A22323032362D31312D32325431303A35393A34342E3931343139375A222C2273696E6365223A22323032362D31312D32325431303A35393A34342E3931343139375A227D',1,NULL);
CREATE TABLE headrace_kv_revisions (
    bucket   TEXT PRIMARY KEY,
    revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "headrace_kv_revisions" VALUES('schedules',1);
CREATE TABLE headrace_locks (
    name       TEXT PRIMARY KEY,
    owner      TEXT,
    fence      INTEGER NOT NULL,
    held_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE headrace_logs (
    seq     INTEGER NOT NULL,
    n       INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    level   TEXT    NOT NULL,
    message TEXT    NOT NULL,
    attempt INTEGER NOT NULL,
    PRIMARY KEY (seq, n)
) STRICT, WITHOUT ROWID;
INSERT INTO "headrace_logs" VALUES(1,1,1795345184737404,'info','half way',2);
INSERT INTO "headrace_logs" VALUES(1,2,1795345184737404,'info','half way',2);
CREATE TABLE headrace_meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "headrace_meta" VALUES('boot','that of another host');
INSERT INTO "headrace_meta" VALUES('schema','1');
CREATE TABLE headrace_progress (
    seq   INTEGER PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
INSERT INTO "headrace_progress" VALUES(1,'{"done":1,"total":2,"note":"half"}');
CREATE TABLE headrace_queues (
    name         TEXT PRIMARY KEY,
    paused       INTEGER NOT NULL,
    pause_reason TEXT,
    paused_at    INTEGER,
    retention    TEXT
) STRICT, WITHOUT ROWID;
INSERT INTO "headrace_queues" VALUES('paused',1,'the printer is away',NULL,'{"succeeded":"P3D","cancelled":"P7D","expired":"P7D","dead":"P90D"}');
CREATE TABLE headrace_rates (
    bucket INTEGER NOT NULL,
    queue  TEXT    NOT NULL,
    event  TEXT    NOT NULL,
    n      INTEGER NOT NULL,
    PRIMARY KEY (bucket, queue, event)
) STRICT, WITHOUT ROWID;
INSERT INTO "headrace_rates" VALUES(179534518,'counts','claimed',1);
INSERT INTO "headrace_rates" VALUES(179534518,'counts','enqueued',2);
INSERT INTO "headrace_rates" VALUES(179534518,'counts','succeeded',1);
INSERT INTO "headrace_rates" VALUES(179534518,'mail','claimed',5);
INSERT INTO "headrace_rates" VALUES(179534518,'mail','dead',1);
INSERT INTO "headrace_rates" VALUES(179534518,'mail','enqueued',7);
INSERT INTO "headrace_rates" VALUES(179534518,'mail','failed',3);
INSERT INTO "headrace_rates" VALUES(179534518,'mail','succeeded',1);
INSERT INTO "headrace_rates" VALUES(179534518,'of-running','claimed',2);
INSERT INTO "headrace_rates" VALUES(179534518,'of-running','enqueued',2);
INSERT INTO "headrace_rates" VALUES(179534518,'paused','enqueued',1);
CREATE TABLE headrace_results (
    seq    INTEGER PRIMARY KEY,
    codec  TEXT NOT NULL,
    result BLOB NOT NULL
) STRICT;
INSERT INTO "headrace_results" VALUES(1,'json',X'2248656C6C6F2C204164612122');
INSERT INTO "headrace_results" VALUES(3,'msgpack',X'06');
CREATE INDEX headrace_jobs_queued ON headrace_jobs (queue, priority DESC, run_at, seq) WHERE state = 'queued';
CREATE INDEX headrace_jobs_running ON headrace_jobs (lease_until) WHERE state = 'running';
CREATE INDEX headrace_jobs_due ON headrace_jobs (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX headrace_jobs_expiring ON headrace_jobs (expires_at)
    WHERE expires_at IS NOT NULL AND state IN ('scheduled', 'queued', 'waiting');
CREATE INDEX headrace_jobs_ended ON headrace_jobs (state, finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX headrace_idempotency_expiring ON headrace_idempotency (expires_at);
COMMIT;
