"""Log lines: every line of JSON parses, and nothing that is logged makes a formatter raise."""

from __future__ import annotations

import json
import logging
import re
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.context import running_here
from headrace.logs import add_fields
from headrace.logs.formatters import make_formatter
from headrace.model.ids import new_job_id

RFC_3339_UTC_MS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def record(message: Any = "paid", *args: Any, **extra: Any) -> logging.LogRecord:
    return logging.getLogger("shop").makeRecord("shop", logging.INFO, "", 0, message, args, None, extra=extra)


def as_json(made: logging.LogRecord) -> dict[str, Any]:
    line = make_formatter("json").format(made)
    assert "\n" not in line
    parsed: dict[str, Any] = json.loads(line)
    return parsed


class Hostile:
    def __repr__(self) -> str:
        raise RuntimeError("no")


def circle() -> list[Any]:
    made: list[Any] = []
    made.append(made)
    return made


def test_a_line_has_what_a_reader_of_logs_looks_for() -> None:
    line = as_json(record("paid %d", 7, order="o-1"))
    assert list(line) == ["ts", "level", "logger", "message", "fields"]
    assert RFC_3339_UTC_MS.fullmatch(line["ts"])
    assert (line["level"], line["logger"], line["message"]) == ("info", "shop", "paid 7")
    assert line["fields"]["order"] == "o-1"


@pytest.mark.parametrize(
    "value", [Hostile(), circle(), {(1, 2): "tuple"}, {1 + 2j}, object(), 10**400, float("nan"), "\ud800", b"\xff"]
)
def test_a_value_that_json_cannot_hold_costs_neither_the_line_nor_its_other_fields(value: Any) -> None:
    line = as_json(record("paid", value=value, order="o-1"))
    assert (line["message"], line["fields"]["order"]) == ("paid", "o-1")
    for form in ("pretty", "compact"):
        assert "paid" in make_formatter(form).format(record("paid", value=value))


@given(st.text(), st.dictionaries(st.from_regex(r"f_[a-z]{1,9}", fullmatch=True), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.complex_numbers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.integers() | st.text() | st.tuples(st.integers()), inner),
    max_leaves=8,
)))  # fmt: skip
def test_whatever_is_logged_is_one_line_of_json(message: str, extra: dict[str, Any]) -> None:
    line = as_json(record(message, **extra))
    assert set(extra) >= set(line["fields"]) - {"pid"}


def test_arguments_that_do_not_fit_the_text_are_shown_beside_it() -> None:
    assert as_json(record("paid %d", "seven"))["message"] == "paid %d % ('seven',)"
    assert "paid" in as_json(record("paid %s", Hostile()))["message"]


def test_a_traceback_is_in_the_line() -> None:
    try:
        raise ValueError("no luck")
    except ValueError:
        made = logging.getLogger("shop").makeRecord("shop", logging.ERROR, "", 0, "oh", (), sys.exc_info())
    assert "ValueError: no luck" in as_json(made)["traceback"]
    assert make_formatter("compact").format(made).endswith("ValueError: no luck")


def test_lines_for_people_tell_the_fields_or_leave_them_out() -> None:
    pretty, compact = make_formatter("pretty"), make_formatter("compact")
    assert re.fullmatch(rf"{RFC_3339_UTC_MS.pattern} info    shop paid order=o-1", pretty.format(record(order="o-1")))
    assert re.fullmatch(rf"{RFC_3339_UTC_MS.pattern} info    paid", compact.format(record(order="o-1")))
    assert "\033[2m" in make_formatter("pretty", coloured=True).format(record())


def test_fields_of_a_source_are_in_every_line_until_it_is_taken_away() -> None:
    remove = add_fields(lambda: {"tenant": "t-1", "order": "not this"})
    assert as_json(record(order="o-1"))["fields"] | {"pid": 0} == {"pid": 0, "tenant": "t-1", "order": "o-1"}
    remove()
    assert "tenant" not in as_json(record())["fields"]
    assert running_here.get() is None
    assert "job_id" not in as_json(record(message_id=new_job_id()))["fields"]
