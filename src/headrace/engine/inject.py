"""``Inject``: the mark of a parameter that the worker fills in, and the caller does not."""

from __future__ import annotations

import inspect
import typing
from typing import Any, NoReturn

from headrace.errors import UsageError


class Injected:
    """Stands for a value that a worker will fill in. Found in a handler, it was called without a worker."""

    __slots__ = ()

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        message = (
            f"the parameter that {name!r} was looked up on is filled in by a worker. Where you call the function "
            "yourself, pass it"
        )
        raise UsageError(message)

    def __repr__(self) -> str:
        return "Inject()"


_INJECTED = Injected()


def Inject() -> Any:  # noqa: N802 - reads as the type it stands for
    """Mark a parameter to be filled in by type: ``db: Database = Inject()``, or ``db: Annotated[Database, Inject]``.

    The first form lets type checkers accept ``enqueue`` without it. The parameter is no part of the job's arguments.
    What makes the value is said by ``app.provider``.

    >>> def count(table: str, db: dict[str, int] = Inject()) -> int:
    ...     return db[table]
    >>> count("users", {"users": 3})
    3
    """
    return _INJECTED


def is_marked(parameter: inspect.Parameter, hint: Any) -> bool:
    """Whether a parameter with this resolved type hint is to be filled in."""
    if isinstance(parameter.default, Injected):
        return True
    marks = getattr(hint, "__metadata__", ())
    return any(mark is Inject or isinstance(mark, Injected) for mark in marks)


def kind_of(hint: Any) -> Any:
    """The type to look for: the hint without its annotations."""
    return typing.get_args(hint)[0] if hasattr(hint, "__metadata__") else hint
