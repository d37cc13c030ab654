"""Queries in plain words: ``state:dead queue:mail since:2h``. One language for every command that lists jobs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypedDict

from headrace.cli.durations import parse_instant
from headrace.cli.faults import did_you_mean, usage
from headrace.errors import ConfigError

FIELDS = ("state", "queue", "task", "tag", "since", "until")
STATES = ("scheduled", "queued", "waiting", "running", "succeeded", "dead", "cancelled", "expired")
"""The states of a job, spelled out so that help does not have to import the model; a test compares."""


class Filters(TypedDict):
    """What ``Headrace.find`` takes."""

    states: list[str]
    queues: list[str]
    tasks: list[str]
    tags: list[str]
    since: datetime | None
    until: datetime | None


def read_query(terms: Iterable[str], given: Filters) -> Filters:
    """Add the terms to what options gave; several values of a field widen it, except tags, which must all match.

    >>> none = Filters(states=[], queues=[], tasks=[], tags=[], since=None, until=None)
    >>> read_query(["state:dead,expired", "queue:mail"], none)["states"]
    ['dead', 'expired']
    """
    for term in terms:
        field, separator, value = term.partition(":")
        if not separator or not value:
            raise usage(
                f"{term!r} is no query term",
                code="20",
                notes=[f"a term is FIELD:VALUE; fields: {', '.join(FIELDS)}"],
                fixes=["headrace job list state:dead queue:mail since:2h"],
            )
        if field not in FIELDS:
            raise usage(
                f"no field {field!r} to search by",
                code="21",
                word=field,
                notes=did_you_mean(field, FIELDS, what="fields"),
            )
        _add(given, field, value)
    for state in given["states"]:
        if state not in STATES:
            notes = did_you_mean(state, STATES, what="states")
            raise usage(f"no state {state!r}", code="22", word=state, notes=notes)
    return given


def _add(given: Filters, field: str, value: str) -> None:
    if field in ("since", "until"):
        try:
            instant = parse_instant(value, datetime.now(UTC))
        except ConfigError as error:
            raise usage(f"{field}: {error}", code="23") from None
        if field == "since":
            given["since"] = instant
        else:
            given["until"] = instant
        return
    values = [part for part in value.split(",") if part]
    lists: dict[str, Any] = {
        "state": given["states"],
        "queue": given["queues"],
        "task": given["tasks"],
        "tag": given["tags"],
    }
    lists[field].extend(values)
