"""Statements use the indexes they were written for, under the plan that serves any value.

Those of lanes in tables that are filled. All of them in tables that are empty, when their plans are made and kept, and
in tables that were drained and vacuumed, of which the planner then believes that they have one row. Each state of the
tables is one of a database of its own, so that no plan depends on what another test left in the statistics.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import resources

import psycopg
import pytest

from headrace.backends.postgres.session import SETTINGS
from headrace.backends.postgres.statements import sql
from tests.postgres.conftest import make_schema
from tests.postgres.server import Server

FILL = """
INSERT INTO headrace.jobs (id, task, queue, priority, state, max_attempts, run_at, enqueued_at, codec, payload,
                           task_version, partition, lane, step)
SELECT gen_random_uuid(), 't', 'q' || n % 3, 5, CASE WHEN n % 50 = 0 THEN 'running' ELSE 'queued' END, 5, now(), now(),
       'json', '{}', 1, k.key, k.key, CASE WHEN n % 3 > 0 THEN 1000 END
FROM generate_series(1, 20000) AS n, LATERAL (SELECT (n % 997)::text AS key) AS k;
INSERT INTO headrace.lanes (queue, lane, key, head, level, place, ready)
SELECT 'q' || n % 3, n::text, n::text, n, 0, n, n % 10 = 0 FROM generate_series(1, 5000) AS n;
INSERT INTO headrace.marks (queue, lane) SELECT 'q' || n % 50, n::text FROM generate_series(1, 5000) AS n;
INSERT INTO headrace.buckets (scope, name, key, full_at)
SELECT 'key', 'q' || n % 3, n::text, 0 FROM generate_series(1, 5000) AS n;
ANALYZE headrace.jobs, headrace.lanes, headrace.marks, headrace.buckets;
"""
FAILING = """
INSERT INTO headrace.jobs (id, task, queue, priority, state, max_attempts, run_at, enqueued_at, codec, payload,
                           task_version, fingerprint)
SELECT gen_random_uuid(), 't', 'q', 5, 'scheduled', 5, now(), now(), 'json', '{}', 1, md5((n % 997)::text)
FROM generate_series(1, 20000) AS n;
INSERT INTO headrace.ended (id, seq, task, queue, priority, state, max_attempts, run_at, enqueued_at, codec, payload,
                            task_version, fingerprint, finished_at)
SELECT id, seq, task, queue, priority, 'dead', 5, run_at, enqueued_at, codec, payload, 1, fingerprint, now()
FROM headrace.jobs WHERE fingerprint IS NOT NULL;
"""

PLANS = [
    ("claim", ["jobs_queued"]),
    ("claim_chosen", ["jobs_seq"]),
    ("pick_queued", ["jobs_queued"]),
    ("stale_lanes", ["marks_queue", "lanes_again", "lanes_opening", "lanes_key", "jobs_laned", "jobs_strict",
                     "jobs_running_keys", "jobs_seq", "buckets_pkey"]),
    ("ready_lanes", ["lanes_ready", "jobs_running_keys", "jobs_seq", "buckets_pkey"]),
    ("lane_jobs", ["jobs_laned", "jobs_strict"]),
    ("put_lanes", ["lanes_pkey"]),
    ("put_turns", ["lanes_pkey"]),
    ("left_behind", ["jobs_queued", "lanes_opening"]),
    ("oldest_queued", ["jobs_queued"]),
    ("gates", ["jobs_running", "jobs_running_tasks"]),
    ("last_turn", ["jobs_queued"]),
    ("first_open", ["jobs_strict"]),
]  # fmt: skip


@contextmanager
def _database(server: Server, name: str) -> Iterator[psycopg.Connection]:
    """A new database with the schema, as a worker sees it."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    try:
        asyncio.run(make_schema(server.url(name)))
        with psycopg.connect(server.url(name), autocommit=True) as connection:
            for setting, value in SETTINGS.items():
                connection.execute("SELECT set_config(%s, %s, false)", (setting, value))
            yield connection
    finally:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture(scope="module")
def filled(server: Server) -> Iterator[psycopg.Connection]:
    with _database(server, "plans_filled") as connection:
        connection.execute(FILL)
        yield connection


@pytest.mark.parametrize(("name", "indexes"), PLANS, ids=[name for name, _ in PLANS])
def test_statement_uses_its_indexes(filled: psycopg.Connection, name: str, indexes: list[str]) -> None:
    plan = next(_plans(filled, name))
    for index in indexes:
        assert f"{index} " in plan, plan
    assert not re.search(r"Index Cond: \(\(scope = 'key'::text\) AND \(name = \$1\)\)$", plan, re.MULTILINE), plan
    for table in ("jobs", "lanes", "marks"):
        assert f"Seq Scan on {table} " not in plan, plan


def test_a_walk_of_a_search_stays_within_its_window(filled: psycopg.Connection) -> None:
    window = "j.queue = ANY ($1::text[]) AND j.state = ANY ($2::text[]) AND j.seq < $3::bigint AND j.seq >= $4::bigint"
    rows = sql("find_jobs", "headrace").replace("FILTERS", window) + " LIMIT $5::bigint"
    for name, statement in (("jobs_ahead", sql("jobs_ahead", "headrace")), ("find_jobs", rows)):
        plan = _generic_plan(filled, statement.replace("TABLE", "headrace.all_jobs"))
        assert "Index Cond: ((seq < $" in plan, name
        assert not re.search(r"Seq Scan on (jobs|ended)\b|Sort  ", plan), plan


GROWING = re.compile(r"(Seq Scan on (?:jobs|ended|succeeded\w*|attempts|progress|logs|idempotency|events)\b)")
WHOLE = {"enter_lanes": "it looks at each open job, when limits are set", "delete_jobs": "few, by hand: of the keys"}
FRAGMENTS = {
    "claim_first", "claim_beyond", "count_jobs", "error_groups", "find_jobs", "find_places", "holders",
    "job_not_ended", "jobs_above_ended", "lock_jobs",
}  # fmt: skip
PARTS = {
    "claim": [("NEXT", "claim_first"), ("NEXT", "claim_beyond")],
    "insert_plain_job": [("UNKNOWN", "job_not_ended")],
    "insert_alike_jobs": [("UNKNOWN", "jobs_above_ended")],
}
"""What stands for a word in some statements."""

STATEMENTS = sorted(
    file.name.removesuffix(".sql") for file in (resources.files("headrace.backends.postgres") / "sql").iterdir()
)


IN_ORDER = {
    "count_errors", "days_without", "forget_events", "gates", "journal_status", "last_seq", "oldest_queued",
    "read_events", "reset_lanes",
}  # fmt: skip
"""These read an index from its start: to its first entries, or one that holds no more than is asked for; or, when
limits are set, each open job."""

READ_IN_ORDER = {
    "error_places", "forget_lanes", "lane_jobs", "put_lanes", "put_turns", "ready_lanes", "stale_lanes",
}  # fmt: skip
"""These follow `await_turn` or `read_in_order` in their transaction."""

DRAIN = """
INSERT INTO headrace.jobs (id, task, queue, priority, state, max_attempts, run_at, enqueued_at, codec, payload,
                           task_version)
SELECT gen_random_uuid(), 't', 'q', 5, 'queued', 5, now(), now(), 'json', '{}', 1 FROM generate_series(1, 20000);
WITH gone AS (DELETE FROM headrace.jobs RETURNING *),
e AS (
    INSERT INTO headrace.ended (id, seq, task, queue, priority, state, max_attempts, run_at, enqueued_at, codec,
                                payload, task_version, finished_at)
    SELECT id, seq, task, queue, priority, 'dead', 5, run_at, enqueued_at, codec, payload, 1, now() FROM gone
),
s AS (
    INSERT INTO headrace.succeeded (id, seq, task, queue, priority, state, max_attempts, run_at, enqueued_at, codec,
                                    payload, task_version, finished_at)
    SELECT id, seq, task, queue, priority, 'succeeded', 5, run_at, enqueued_at, codec, payload, 1, now() FROM gone
),
a AS (
    INSERT INTO headrace.attempts (job_id, claim, number, outcome, worker, started_at, finished_at)
    SELECT id, 1, 1, 'failed', 'w', now(), now() FROM gone
),
p AS (INSERT INTO headrace.progress (job_id, value) SELECT id, '{}' FROM gone),
l AS (INSERT INTO headrace.logs (job_id, at, level, message, attempt) SELECT id, now(), 'info', 'm', 1 FROM gone)
INSERT INTO headrace.idempotency (key, job_id, fingerprint, expires_at) SELECT id, id, '', now() FROM gone;
"""
DRAINED = ("jobs", "ended", "succeeded", "attempts", "progress", "logs", "idempotency")


@pytest.fixture(scope="module")
def empty(server: Server) -> Iterator[psycopg.Connection]:
    with _database(server, "plans_empty") as connection:
        yield connection


@pytest.fixture(scope="module")
def drained(server: Server) -> Iterator[psycopg.Connection]:
    with _database(server, "plans_drained") as connection:
        connection.execute(DRAIN)
        _vacuum(connection, DRAINED)
        yield connection


def _vacuum(connection: psycopg.Connection, tables: Sequence[str]) -> None:
    """Take every row out, and leave the pages."""
    for table in tables:
        connection.execute(f"DELETE FROM headrace.{table}".encode())
        connection.execute(f"VACUUM (TRUNCATE FALSE) headrace.{table}".encode())


@pytest.mark.parametrize("name", [name for name in STATEMENTS if name not in FRAGMENTS])
def test_a_plan_made_while_the_tables_are_empty_reads_none_whole_when_they_have_grown(
    empty: psycopg.Connection, name: str
) -> None:
    for plan in _plans(empty, name):
        assert bool(GROWING.search(plan)) == (name in WHOLE), plan


@pytest.mark.parametrize("name", [name for name in STATEMENTS if name not in FRAGMENTS])
def test_a_plan_made_after_a_vacuum_of_drained_tables_reads_none_whole_when_they_have_grown(
    drained: psycopg.Connection, name: str
) -> None:
    for plan in _plans(drained, name):
        assert bool(GROWING.search(plan)) == (name in WHOLE), plan
        assert name in IN_ORDER or not (whole := list(_whole_indexes(plan))), f"{whole}\n{plan}"


ONE_WAY = {
    "error_places": {"ended_failing", "jobs_failing"},
    "forget_lanes": {"jobs_laned", "jobs_strict"},
    "get_queued": {"jobs_pkey"},
    "lease_left": {"jobs_pkey"},
    "lane_jobs": {"jobs_laned", "jobs_strict", "jobs_seq"},
    "put_lanes": {"lanes_pkey"},
    "put_turns": {"lanes_pkey"},
    "ready_lanes": {"lanes_ready", "jobs_running_keys", "jobs_seq"},
    "stale_lanes": {"lanes_again", "lanes_opening", "lanes_key", "jobs_laned", "jobs_strict", "jobs_running_keys",
                    "jobs_seq"},
}  # fmt: skip
"""Statements that look up many places, and the only indexes that lead to them."""

EACH_LANE = {"forget_lanes"}
"""It looks at every lane there is."""


@pytest.mark.parametrize("name", ONE_WAY)
def test_a_statement_takes_its_indexes_even_where_all_others_seem_cheaper(server: Server, name: str) -> None:
    """Its own are as tall as use made them, which vacuum does not change; all others are new, and have one page."""
    tables = ("jobs", "ended", "lanes")
    with _database(server, "plans_against") as connection:
        connection.execute(FILL)
        connection.execute(FAILING)
        _vacuum(connection, tables)
        found = connection.execute(
            "SELECT indexname FROM pg_indexes WHERE schemaname = 'headrace' AND tablename = ANY (%s)", [list(tables)]
        )
        for (index,) in found.fetchall():
            if index not in ONE_WAY[name]:
                connection.execute(f"REINDEX INDEX headrace.{index}".encode())
        looked_up = "jobs|ended" if name in EACH_LANE else "jobs|ended|lanes"
        for plan in _plans(connection, name):
            assert set(re.findall(rf"(?:using|Index Scan on) ((?:{looked_up})_\w+)", plan)) == ONE_WAY[name], plan
            assert not re.search(rf"Seq Scan on ({looked_up})\b", plan), plan
            assert not list(_whole_indexes(plan)), plan


def _plans(connection: psycopg.Connection, name: str) -> Iterator[str]:
    connection.execute("SELECT set_config('enable_sort', %s, false)", ["off" if name in READ_IN_ORDER else "on"])
    for word, part in PARTS.get(name, [("TABLE", "")]):
        text = sql(name, "headrace").replace(word, sql(part, "headrace") if part else "headrace.jobs")
        yield _generic_plan(connection, text.replace("TOLD", "1"))


def _whole_indexes(plan: str) -> Iterator[str]:
    """The scans of growing tables by an index of which they read every entry: no condition says which."""
    nodes = re.split(r"^(?=\s*->|\S)", plan, flags=re.MULTILINE)
    for node in nodes:
        found = re.search(rf"Index (?:Only )?Scan (?:Backward )?(?:using \w+ )?on (?:{'|'.join(DRAINED)})\w*\b", node)
        if found and "Index Cond:" not in node:
            yield found.group()


def _generic_plan(connection: psycopg.Connection, statement: str) -> str:
    """The plan of a prepared statement, in the way that every version of PostgreSQL knows."""
    connection.execute("SET plan_cache_mode = force_generic_plan")
    connection.execute(f"PREPARE asked AS {statement}".encode())
    count = "SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'asked'"
    [(parameters,)] = connection.execute(count).fetchall()
    values = f"({', '.join(['NULL'] * parameters)})" if parameters else ""
    plan = connection.execute(f"EXPLAIN EXECUTE asked{values}".encode()).fetchall()
    connection.execute("DEALLOCATE asked")
    return "\n".join(row[0] for row in plan)
