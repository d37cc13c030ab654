"""Running a coroutine that never waits, without an event loop: on a connection that belongs to this thread."""

from __future__ import annotations

import inspect
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run_now(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run it to its end, here. Raises RuntimeError if it waits; a store within a transaction never does.

    >>> async def answer() -> int:
    ...     return 42
    >>> run_now(answer())
    42
    """
    try:
        coroutine.send(None)
    except StopIteration as end:
        value: T = end.value
        return value
    coroutine.close()
    raise RuntimeError(f"{coroutine!r} waited for something, so it cannot run without an event loop")


def is_asynchronous(connection: object) -> bool:
    """Whether a connection or a session has to be awaited, so that nothing on it can run without an event loop."""
    return inspect.iscoroutinefunction(inspect.unwrap(getattr(type(connection), "execute", is_asynchronous)))
