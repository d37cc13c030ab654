"""Whether a handler can be run again after its worker died, wherever that was."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from headrace.model.job import JobState
from headrace.tasks.call import Call
from headrace.testing.crash_points import At, CrashPlan, Line
from headrace.testing.watch import Watch

if TYPE_CHECKING:
    from headrace.testing.harness import AppHarness


class Trial:
    """One call, run undisturbed and then with a crash at each point. See ``AppHarness.assert_idempotent``."""

    def __init__(
        self,
        harness: AppHarness,
        call: Call[Any],
        *,
        observe: Callable[[], Any | Awaitable[Any]],
        reset: Callable[[], object | Awaitable[object]],
        within: tuple[Callable[..., Any], ...],
        points_max: int,
    ) -> None:
        self._harness = harness
        self._call = call
        self._observe = observe
        self._reset = reset
        self._within = within
        self._points_max = points_max

    async def run(self, watch: Watch) -> int:
        """Try every point. Raises AssertionError at the first that makes a difference."""
        undisturbed = CrashPlan(task=self._call.task.name, at=None, within=self._within)
        state, expected = await self._once(watch, undisturbed)
        if state is not JobState.SUCCEEDED:
            message = f"undisturbed, the job is {state} and not succeeded: {self._call!r}"
            raise AssertionError(message)
        points = self._points(undisturbed.lines)
        for at, where in points:
            state, seen = await self._once(watch, CrashPlan(task=self._call.task.name, at=at, within=self._within))
            if state is not JobState.SUCCEEDED or seen != expected:
                raise AssertionError(self._difference(where, state, seen, expected))
        return len(points)

    async def _once(self, watch: Watch, plan: CrashPlan) -> tuple[JobState, Any]:
        await _done(self._reset())
        self._harness.clear()
        watch.plans.append(plan)
        job = await self._harness.app.enqueue(self._call)
        await self._harness.drain()
        return await job.state(), await _done(self._observe())

    def _points(self, lines: list[Line]) -> list[tuple[At, str]]:
        if len(lines) > self._points_max:
            message = (
                f"the handler runs {len(lines)} lines, which is more than points_max={self._points_max}: use a smaller "
                "example, or allow more"
            )
            raise AssertionError(message)
        before: list[tuple[At, str]] = [(n, f"before {line}") for n, line in enumerate(lines, start=1)]
        return [("start", "before the handler began"), *before, ("end", "after the handler had returned")]

    def _difference(self, where: str, state: JobState, seen: Any, expected: Any) -> str:
        name = self._call.task.name
        if state is not JobState.SUCCEEDED:
            return f"{name} cannot be run again after its worker died {where}: the job is {state}"
        return (
            f"{name} is not idempotent: when its worker dies {where}, and the job runs again,\n"
            f"  observe() answers {seen!r}\n  undisturbed it is {expected!r}"
        )


async def _done(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value
