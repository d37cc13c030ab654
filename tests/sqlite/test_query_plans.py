"""The hot statements use the index they were written for, however the tables are filled."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apsw
import pytest

from headrace.backends.sqlite.connecting import connect
from headrace.backends.sqlite.finding import _BY_INDEX
from headrace.backends.sqlite.grouping import _FAILING
from headrace.backends.sqlite.location import parse_url
from headrace.backends.sqlite.schema import prepare
from headrace.backends.sqlite.statements import sql
from headrace.backends.sqlite.translation import Translator
from headrace.model.job import JobState
from headrace.model.search import parse


@pytest.fixture
def connection(path: Path) -> Iterator[apsw.Connection]:
    location = parse_url(f"sqlite:///{path}")
    with closing(connect(location)) as connection:
        prepare(connection, path)
        yield connection


PLANS: list[tuple[str, dict[str, Any] | tuple[Any, ...], str]] = [
    ("select_queued", {"queue": "q", "now": 0, "limit": 10}, "headrace_jobs_queued (queue=?)"),
    ("any_queued", {"queues": "[]"}, "headrace_jobs_queued (queue=?)"),
    ("lease_ends", {"ids": "[]"}, "sqlite_autoindex_headrace_jobs_1 (id=?)"),
    ("select_held", {"leases": "[]"}, "sqlite_autoindex_headrace_jobs_1 (id=?)"),
    ("mark_running", {"seqs": "[]", "token": "t", "worker": "w", "until": 0, "now": 0}, "INTEGER PRIMARY KEY"),
    ("mark_succeeded", {"seqs": "[]", "now": 0}, "INTEGER PRIMARY KEY"),
    ("mark_measured", {"rows": "[]", "now": 0}, "INTEGER PRIMARY KEY"),
    ("next_due", (), "headrace_jobs_due"),
    ("select_due", {"now": 0, "limit": 1}, "headrace_jobs_due (wake_at<?)"),
    ("next_expiry", (), "headrace_jobs_expiring"),
    ("select_expired", {"now": 0, "limit": 1}, "headrace_jobs_expiring (expires_at>? AND expires_at<?)"),
    ("running_workers", {"mono": 0}, "headrace_jobs_running"),
    ("losses_in_a_row", {"seq": 1}, "PRIMARY KEY (seq=? AND claim>?)"),
    ("select_lost", {"mono": 0, "dead": "[]", "limit": 1}, "headrace_jobs_running"),
    (
        "select_ended",
        {"state": "dead", "cutoff": 0, "only": None, "without": "[]", "now": 0, "limit": 1},
        "headrace_jobs_ended (state=? AND finished_at",
    ),
    ("oldest_queued", (), "headrace_jobs_queued (queue=?)"),
    (
        "find_holders",
        {"wanted": "[]"},
        "headrace_jobs_unique (task=? AND unique_key=? AND state=? AND enqueued_at>?)",
    ),
    ("find_rival", {"seq": 1, "now": 0}, "headrace_jobs_unique (task=? AND unique_key=? AND state=?)"),
    ("mark_unique", {"keys": "[]"}, "INTEGER PRIMARY KEY"),
    ("stale_lanes", {"queue": "q", "now": 0, "ordered": 1, "limit": 9}, "headrace_lanes_stale (queue=? AND stale=?)"),
    ("stale_lanes", {"queue": "q", "now": 0, "ordered": 1, "limit": 9}, "headrace_jobs_laned (queue=? AND lane=?)"),
    ("stale_lanes", {"queue": "q", "now": 0, "ordered": 1, "limit": 9}, "headrace_jobs_strict (queue=? AND lane=?)"),
    (
        "stale_lanes",
        {"queue": "q", "now": 0, "ordered": 1, "limit": 9},
        "headrace_jobs_running_keys (queue=?",
    ),
    ("wake_lanes", {"queue": "q", "mono": 0}, "headrace_lanes_opening (queue=? AND opens_at>? AND opens_at<?)"),
    ("wake_lanes", {"queue": "q", "mono": 0}, "headrace_lanes_stale (queue=? AND stale=?)"),
    ("ready_lanes", {"queue": "q", "task": "", "now": 0, "limit": 9}, "headrace_lanes_ready (queue=? AND task=?)"),
    ("lane_jobs", {"queue": "q", "lanes": "[]", "now": 0, "limit": 9}, "headrace_jobs_laned (queue=? AND lane=?)"),
    ("select_chosen", {"seqs": "[]"}, "INTEGER PRIMARY KEY"),
    ("running_tasks", {"tasks": "[]"}, "headrace_jobs_running_tasks (task=?)"),
    ("get_buckets", {"targets": "[]"}, "PRIMARY KEY (scope=? AND name=? AND key=?)"),
    ("next_opening", {"queue": "q"}, "headrace_lanes_opening (queue=?"),
    ("open_jobs", {"queue": "q"}, "headrace_jobs_waiting (queue=?)"),
    ("first_open", {"queue": "q", "lane": "k", "seq": 1}, "headrace_jobs_strict (queue=? AND lane=? AND seq<?)"),
    ("forget_stale_lanes", {"limit": 9}, "headrace_lanes_stale"),
    ("forget_lanes", {"limit": 9}, "headrace_lanes_empty"),
    ("read_events", {"after": 0, "limit": 9}, "INTEGER PRIMARY KEY (rowid>?)"),
    ("forget_events", {"last": 9}, "INTEGER PRIMARY KEY (rowid<?)"),
    ("find_keys", {"keys": "[]", "now": 0}, "PRIMARY KEY (key=?)"),
    (
        "scan_entries",
        {"bucket": "b", "prefix": "p", "after": "q", "mono": 0, "limit": 1},
        "PRIMARY KEY (bucket=? AND key>? AND key<?)",
    ),
]


@pytest.mark.parametrize(("name", "bindings", "index"), PLANS, ids=[f"{name}: {index}" for name, _, index in PLANS])
def test_a_statement_uses_its_index(connection: apsw.Connection, name: str, bindings: Any, index: str) -> None:
    plan = [str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {sql(name)}", bindings)]
    assert any(index in line for line in plan), plan
    assert not {"SCAN headrace_jobs", "SCAN j", "SCAN h", "SCAN r", "SCAN headrace_lanes"} & set(plan), plan
    assert not any("TEMP B-TREE" in line for line in plan if name.endswith(("_lanes", "_jobs"))), plan


PLACES = [
    (f"{_BY_INDEX[JobState.DEAD]} UNION ALL {_BY_INDEX[JobState.EXPIRED]}", "headrace_jobs_ended (state=?"),
    (_BY_INDEX[JobState.QUEUED], "headrace_jobs_queued"),
    (_BY_INDEX[JobState.RUNNING], "headrace_jobs_running"),
    (_BY_INDEX[JobState.SCHEDULED], "headrace_jobs_due"),
]


@pytest.mark.parametrize(("source", "index"), PLACES, ids=[index for _, index in PLACES])
def test_jobs_in_a_state_are_collected_along_its_index(connection: apsw.Connection, source: str, index: str) -> None:
    statement = sql("find_places").replace("FILTERS", source)
    explained = connection.execute(f"EXPLAIN QUERY PLAN {statement}", {"before": 100, "floor": 1})
    plan = [str(row[3]) for row in explained]
    assert any(index in line for line in plan), plan
    assert not any("INTEGER PRIMARY KEY" in line for line in plan), plan


SOURCES = [
    ("j.seq IN (SELECT value FROM json_each('[]'))", "INTEGER PRIMARY KEY (rowid=?)"),
    (
        "j.fingerprint = 'x' AND j.state = 'dead' AND j.state IN ('dead', 'scheduled', 'queued')",
        "headrace_jobs_failing",
    ),
    ("j.id IN (SELECT value FROM json_each('[]'))", "sqlite_autoindex_headrace_jobs_1 (id=?)"),
    ("j.seq < 100 AND j.seq >= 1", "INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
]


@pytest.mark.parametrize(("source", "index"), SOURCES, ids=[index for _, index in SOURCES])
def test_a_list_goes_by_the_index_it_was_given(connection: apsw.Connection, source: str, index: str) -> None:
    translator = Translator(datetime(2025, 1, 31, tzinfo=UTC))
    condition = translator.condition(parse("queue:mail args.n:1 since:2h"))
    statement = sql("find_jobs").replace("FILTERS", f"{source} AND {condition}")
    explained = connection.execute(f"EXPLAIN QUERY PLAN {statement}", {**translator.values, "limit": 1})
    plan = [str(row[3]) for row in explained]
    assert any(index in line for line in plan), plan
    assert not {"SCAN headrace_jobs", "SCAN j"} & set(plan), plan


def test_failures_are_grouped_along_an_index_of_failing_jobs(connection: apsw.Connection) -> None:
    statement = sql("error_groups").replace("FILTERS", "TRUE")
    plan = [str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", {"limit": 1})]
    assert any("headrace_jobs_failing" in line for line in plan), plan


def test_failures_are_counted_without_a_look_at_any(connection: apsw.Connection) -> None:
    for condition in ("TRUE", "fingerprint IN (SELECT value FROM json_each('[]'))"):
        statement = sql("count_errors").replace("FILTERS", condition)
        plan = [str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", {"limit": 1})]
        assert any("USING COVERING INDEX headrace_jobs_failing" in line for line in plan), plan


def test_the_newest_and_oldest_failures_of_a_group_are_found_by_place(connection: apsw.Connection) -> None:
    explained = connection.execute(f"EXPLAIN QUERY PLAN {sql('error_places')}", {"fingerprint": "x", "count": 1})
    plan = [str(row[3]) for row in explained]
    assert sum("USING COVERING INDEX headrace_jobs_failing (fingerprint=? AND state=?)" in line for line in plan) == 6
    assert not any("ORDER BY" in line for line in plan), plan
    statement = sql("find_jobs").replace("FILTERS", _FAILING.format(name="'x'", state="dead"))
    plan = [str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", {"limit": 1})]
    assert not any("ORDER BY" in line for line in plan), plan
