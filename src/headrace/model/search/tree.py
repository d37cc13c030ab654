"""A query as a tree of plain values: what the parser makes, and what stores evaluate or translate."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

Operator = Literal[">", ">=", "<", "<="]


class Ago(Struct, frozen=True, tag=True):
    """The instant that long before the search; a negative duration lies ahead of it."""

    duration: timedelta


class At(Struct, frozen=True, tag=True):
    """An instant, aware and in UTC."""

    instant: datetime


class Loose(Struct, frozen=True, tag=True):
    """A word without quotes where JSON is searched: ``42`` is the number and the text, ``true`` the truth value."""

    text: str


Value = str | int | timedelta | Ago | At | Loose


class Is(Struct, frozen=True, tag=True):
    """The field has this value."""

    value: Value


class Like(Struct, frozen=True, tag=True):
    """The whole text fits the pattern: ``*`` is any text, ``?`` any one letter."""

    pattern: str


class Contains(Struct, frozen=True, tag=True):
    """The text holds this one somewhere; letters A to Z are the same as a to z."""

    text: str


class Compare(Struct, frozen=True, tag=True):
    """The field is on that side of the value."""

    operator: Operator
    value: Value


class Between(Struct, frozen=True, tag=True):
    """From ``low`` to ``high``, both included; of instants, ``high`` is not."""

    low: Value
    high: Value


Test = Is | Like | Contains | Compare | Between


class Term(Struct, frozen=True, tag=True):
    """A field that passes any of the tests. ``path`` leads into ``args`` and ``meta``."""

    field: str
    tests: tuple[Test, ...]
    path: tuple[str, ...] = ()


class Text(Struct, frozen=True, tag=True):
    """Text that is somewhere in the job: its task, queue, arguments, error, reason, tags, key or worker."""

    text: str


class Not(Struct, frozen=True, tag=True):
    """The query does not fit."""

    part: Query


class And(Struct, frozen=True, tag=True):
    """All parts fit; without parts, everything does."""

    parts: tuple[Query, ...]


class Or(Struct, frozen=True, tag=True):
    """At least one part fits."""

    parts: tuple[Query, ...]


Query = Term | Text | Not | And | Or

EVERYTHING = And(())
