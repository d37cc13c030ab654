"""What all requests and replies have in common."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Generic, TypeVar

from msgspec import Meta, Struct, UnsetType

from headrace.errors import ConfigError
from headrace.model.durations import parse_duration

T = TypeVar("T")

TEXT_MAX = 1_000
"""Reasons and the like are shown in lists and kept with each job."""

Duration = Annotated[
    str,
    Meta(
        description="A length of time: a number with its unit, several of them in a row.",
        examples=["30s", "1h30m", "250ms"],
        max_length=40,
        pattern=r"^(\d{1,12}(\.\d{1,6})?(ms|s|m|h|d|w))+$",
    ),
]
Text = Annotated[str, Meta(max_length=TEXT_MAX, pattern="^[^\\x00]*$")]
Levels = Annotated[
    str,
    Meta(
        description="Levels of loggers: one for everything, and others as LOGGER=LEVEL, with commas between.",
        examples=["debug", "info,headrace.sqlite=debug"],
        min_length=1,
        max_length=1_000,
        pattern=r"^[^\x00]*$",
    ),
]
Name = Annotated[str, Meta(min_length=1, max_length=512, pattern="^[^\\x00]*$")]


class Request(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base of requests. A field that is not known is refused: a mistyped option must not be ignored."""


class Reply(Struct, frozen=True, kw_only=True):
    """The base of replies. Readers ignore fields that they do not know: later releases add some."""


class Listed(Reply, Generic[T], frozen=True, kw_only=True):
    """All of something, in one answer."""

    items: list[T]


class PageOf(Reply, Generic[T], frozen=True, kw_only=True):
    """A part of a list. ``next_cursor`` None means that the list ends here; else hand it in as ``cursor``.

    ``complete`` False means that this page looked as far as it may before it was full: it holds what was found among
    jobs enqueued since ``reached``. Go on with ``next_cursor``.
    """

    items: list[T]
    next_cursor: str | None = None
    complete: bool = True
    reached: datetime | None = None


def duration(name: str, text: str | UnsetType | None) -> timedelta | None:
    """The length of time in a field of a request; None where none is given. Raises ConfigError that names the field."""
    if text is None or isinstance(text, UnsetType):
        return None
    try:
        return parse_duration(text)
    except (ConfigError, OverflowError) as error:
        raise ConfigError(f"{name}: {error}") from None


def given(request: Struct, *names: str) -> dict[str, Any]:
    """The fields of these names that the request holds; those that were left out are not in it."""
    found = {name: getattr(request, name) for name in names}
    return {name: value for name, value in found.items() if not isinstance(value, UnsetType)}
