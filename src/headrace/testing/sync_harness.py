"""The parts of a harness that run jobs, for tests without an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, overload

from headrace.errors import UsageError
from headrace.tasks.call import Call
from headrace.tasks.task import Task
from headrace.testing.driver import RUNS_MAX
from headrace.testing.report import DrainReport

if TYPE_CHECKING:
    from headrace.testing.harness import AppHarness

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class SyncHarness:
    """Each call runs an event loop until it is done. See the methods of the same names of ``AppHarness``."""

    def __init__(self, harness: AppHarness) -> None:
        self._harness = harness

    def drain(
        self, *, queues: Iterable[str] | None = None, limit: int = RUNS_MAX, raise_errors: bool = True
    ) -> DrainReport:
        """Run what is due. See ``AppHarness.drain``."""
        return _run(self._harness.drain(queues=queues, limit=limit, raise_errors=raise_errors))

    def advance(
        self, step: timedelta, *, queues: Iterable[str] | None = None, limit: int = RUNS_MAX, raise_errors: bool = True
    ) -> DrainReport:
        """Let time pass. See ``AppHarness.advance``."""
        return _run(self._harness.advance(step, queues=queues, limit=limit, raise_errors=raise_errors))

    @overload
    def run(self, task: Task[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R: ...
    @overload
    def run(self, call: Call[R], /) -> R: ...
    def run(self, what: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Run one handler once. See ``AppHarness.run``."""
        return _run(self._harness.run(what, *args, **kwargs))

    def assert_idempotent(
        self,
        call: Call[Any],
        *,
        observe: Callable[[], Any | Awaitable[Any]],
        reset: Callable[[], object | Awaitable[object]] = lambda: None,
        within: Iterable[Callable[..., Any]] = (),
        points_max: int = 200,
    ) -> int:
        """Demand that a crash makes no difference. See ``AppHarness.assert_idempotent``."""
        return _run(
            self._harness.assert_idempotent(call, observe=observe, reset=reset, within=within, points_max=points_max)
        )


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    work.close()
    message = "harness.sync is for tests without an event loop; here, await the harness itself: await harness.drain()"
    raise UsageError(message)
