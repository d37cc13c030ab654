"""The hot statements use the index they were written for, however the tables are filled."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from headrace.backends.sqlite.connecting import connect
from headrace.backends.sqlite.location import parse_url
from headrace.backends.sqlite.schema import prepare
from headrace.backends.sqlite.statements import sql


@pytest.fixture
def connection(path: Path) -> Iterator[apsw.Connection]:
    location = parse_url(f"sqlite:///{path}")
    with closing(connect(location)) as connection:
        prepare(connection, path)
        yield connection


PLANS: list[tuple[str, dict[str, Any] | tuple[Any, ...], str]] = [
    ("select_queued", {"queue": "q", "now": 0, "limit": 10}, "headrace_jobs_queued (queue=?)"),
    ("any_queued", {"queues": "[]"}, "headrace_jobs_queued (queue=?)"),
    ("select_held", {"leases": "[]"}, "sqlite_autoindex_headrace_jobs_1 (id=?)"),
    ("mark_running", {"seqs": "[]", "token": "t", "worker": "w", "until": 0, "now": 0}, "INTEGER PRIMARY KEY"),
    ("mark_succeeded", {"seqs": "[]", "now": 0}, "INTEGER PRIMARY KEY"),
    ("next_due", (), "headrace_jobs_due"),
    ("select_due", {"now": 0, "limit": 1}, "headrace_jobs_due (wake_at<?)"),
    ("next_expiry", (), "headrace_jobs_expiring"),
    ("select_expired", {"now": 0, "limit": 1}, "headrace_jobs_expiring (expires_at>? AND expires_at<?)"),
    ("running_workers", {"mono": 0}, "headrace_jobs_running"),
    ("select_lost", {"mono": 0, "dead": "[]", "limit": 1}, "headrace_jobs_running"),
    (
        "select_ended",
        {"state": "dead", "cutoff": 0, "only": None, "without": "[]", "limit": 1},
        "headrace_jobs_ended (state=? AND finished_at",
    ),
    ("oldest_queued", (), "headrace_jobs_queued (queue=?)"),
    ("find_keys", {"keys": "[]", "now": 0}, "PRIMARY KEY (key=?)"),
]


@pytest.mark.parametrize(("name", "bindings", "index"), PLANS, ids=[name for name, _, _ in PLANS])
def test_a_statement_uses_its_index(connection: apsw.Connection, name: str, bindings: Any, index: str) -> None:
    plan = [str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {sql(name)}", bindings)]
    assert any(index in line for line in plan), plan
    assert not {"SCAN headrace_jobs", "SCAN j"} & set(plan), plan
