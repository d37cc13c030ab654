"""An app under test: in memory, its clock standing still, and nothing running unless the test asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from functools import cached_property
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar, overload

from headrace.app import Headrace
from headrace.backends.memory.place import Place
from headrace.engine.run_now import run_now
from headrace.errors import UsageError
from headrace.model.durations import ZERO
from headrace.model.job import JobState
from headrace.model.page import PAGE_LIMIT_MAX, JobQuery
from headrace.tasks.call import Call
from headrace.tasks.task import Task
from headrace.testing.clock import FrozenClock
from headrace.testing.crash_points import At, CrashPlan
from headrace.testing.driver import RUNS_MAX, Driver
from headrace.testing.enqueued import EnqueuedJob, Wanted, explain, view
from headrace.testing.fault_plans import FaultPlan, Outage, Script
from headrace.testing.faults import FaultyBackend
from headrace.testing.idempotency import Trial
from headrace.testing.report import DrainReport
from headrace.testing.spy import Spy
from headrace.testing.stage import StagedBackend, StagedSettlement
from headrace.testing.sync_harness import SyncHarness
from headrace.testing.watch import Watch

P = ParamSpec("P")
R = TypeVar("R")


class AppHarness:
    """Moves ``app`` onto a store in memory until it is left, whatever store the app was made for.

    Inside, ``await greet.enqueue(...)`` in the code under test stores a job, and that is all: the test looks at it with
    ``assert_enqueued``, runs it with ``drain``, and lets time pass with ``advance``. The app is open, on every event
    loop and for ``app.sync``. Use it as ``with`` or ``async with``; the pytest fixture ``headrace_app`` is one.

    >>> import asyncio
    >>> app = Headrace("sqlite:///never-made.db")
    >>> @app.task(name="greet")
    ... async def greet(name: str) -> str:
    ...     return f"Hello, {name}!"
    >>> async def main() -> None:
    ...     with AppHarness(app) as harness:
    ...         await greet.enqueue("Ada")
    ...         harness.assert_enqueued(greet, name="Ada")
    ...         print(await harness.drain())
    >>> asyncio.run(main())
    greet attempt 1 completed, job succeeded
    """

    def __init__(self, app: Headrace, *, clock: FrozenClock | None = None) -> None:
        self.app = app
        self.clock = clock or FrozenClock()
        self._place = Place()
        self._backend = StagedBackend(self.clock, self._place, claims=True)
        self._faults = _Faults()
        self._watch = Watch()
        self._driver = Driver(app, self._backend, self._watch, self.clock)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        if not isinstance(self.app, Headrace):
            message = f"AppHarness takes a Headrace; got {self.app!r}"
            raise UsageError(message)
        staged = FaultyBackend(StagedBackend(self.clock, self._place, claims=False), self._faults)
        self._stack.enter_context(self.app.moved_to(staged, make_settlement=StagedSettlement))
        # Neither store waits for anything, so both can be opened without an event loop.
        run_now(self._backend.open())
        run_now(self.app.open())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        run_now(self._backend.close())

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    # -- looking -----------------------------------------------------------------------------------------------

    def enqueued(self, task: Task[Any, Any] | str | None = None, **wanted: Any) -> list[EnqueuedJob]:
        """Every job of this test, or of one task, whatever became of it, in the order they were enqueued.

        Takes what ``assert_enqueued`` takes.
        """
        jobs = self._all()
        looked_for = _wanted(self._named(task, jobs), wanted)
        return [job for job in jobs if not looked_for.misfits(job)]

    def assert_enqueued(
        self,
        task: Task[Any, Any] | str | None = None,
        *,
        count: int | None = None,
        args: dict[str, Any] | None = None,
        queue: str | None = None,
        state: JobState | str | None = None,
        run_at: datetime | None = None,
        delay: timedelta | None = None,
        within: timedelta = ZERO,
        **arguments: Any,
    ) -> list[EnqueuedJob]:
        """Demand that such a job was enqueued, ``count`` times if given, else at least once; answers those.

        Arguments are named as the task's parameters are; those left out match anything (``args`` takes those whose
        name is taken here). ``within`` is the tolerance of ``run_at`` and ``delay``. What has run still counts: ask for
        a ``state`` to tell. Raises AssertionError that lists what was enqueued, nearest first.
        """
        jobs = self._all()
        wanted = _wanted(
            self._named(task, jobs),
            {
                "args": args,
                "queue": queue,
                "state": state,
                "run_at": run_at,
                "delay": delay,
                "within": within,
                **arguments,
            },
        )
        found = [job for job in jobs if not wanted.misfits(job)]
        if count is None and not found:
            raise AssertionError(explain(wanted, jobs, f"no {wanted} was enqueued"))
        if count is not None and len(found) != count:
            raise AssertionError(explain(wanted, jobs, f"{wanted} was enqueued {len(found)} times, not {count}"))
        return found

    def assert_not_enqueued(self, task: Task[Any, Any] | str | None = None, **wanted: Any) -> None:
        """Demand that no such job was enqueued. Takes what ``assert_enqueued`` takes, except ``count``."""
        jobs = self._all()
        looked_for = _wanted(self._named(task, jobs), wanted)
        found = [job for job in jobs if not looked_for.misfits(job)]
        if found:
            shown = "\n".join(f"  {job}" for job in found)
            message = f"{looked_for} was enqueued {len(found)} times, and should not have been:\n{shown}"
            raise AssertionError(message)

    def spy(self) -> Spy:
        """Hears what happens from now on: ``with harness.spy() as spy: ... await spy.wait_for("job.finished")``."""
        return Spy(self.app.telemetry)

    # -- running -----------------------------------------------------------------------------------------------

    async def drain(
        self, *, queues: Iterable[str] | None = None, limit: int = RUNS_MAX, raise_errors: bool = True
    ) -> DrainReport:
        """Run what is due, one job at a time, until nothing is: also what those jobs enqueue. Time stands still.

        A handler's exception is recorded, as in production, and then raised here with its traceback;
        ``raise_errors=False`` goes on instead, for tests of failures. A retry that is due later stays for ``advance``.
        Raises AssertionError after ``limit`` attempts: jobs that enqueue each other would never end.
        """
        return await self._driver.drain(queues, limit, raise_errors)

    async def advance(
        self, step: timedelta, *, queues: Iterable[str] | None = None, limit: int = RUNS_MAX, raise_errors: bool = True
    ) -> DrainReport:
        """Let time pass, and run what becomes due at its own instant: ``await harness.advance(days(3))``.

        What is due already runs first. Raises what ``drain`` raises; the clock then stands where it happened.
        """
        return await self._driver.advance(step, queues, limit, raise_errors)

    @overload
    async def run(self, task: Task[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R: ...
    @overload
    async def run(self, call: Call[R], /) -> R: ...
    async def run(self, what: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Run one handler once, as attempt 1 of a job of its own, and answer what it returned.

        The job is in a store of its own, so no other job is touched and none is left behind; what the handler enqueues
        is enqueued as usual. Raises what the handler raised, ``Retry`` and ``Snooze`` included.
        """
        call = what if isinstance(what, Call) else what.call(*args, **kwargs)
        return await self._driver.run_once(call)

    def clear(self) -> None:
        """Forget every job of this test that is not running, and crashes that were not met."""
        run_now(self._backend.jobs.delete_many([job.id for job in self._all()]))
        self._watch.plans.clear()

    @cached_property
    def sync(self) -> SyncHarness:
        """``drain``, ``advance`` and ``run`` for tests without an event loop."""
        return SyncHarness(self)

    # -- going wrong -------------------------------------------------------------------------------------------

    def crash(
        self, task: Task[Any, Any] | None = None, *, at: At = "start", within: Iterable[Callable[..., Any]] = ()
    ) -> None:
        """Let the worker die during the next attempt of ``task`` (of any, without one).

        ``at="start"``: before the handler begins. ``at="end"``: after it returned, before that is stored. ``at=3``:
        before the third line that it runs. ``at="charge("``: before the first line that holds this text. Lines are
        those of the handler, and of functions ``within``. The attempt is recorded as lost, and the job runs again at
        once: the harness does not wait for the lease.
        """
        if not (isinstance(at, str) and at) and not (isinstance(at, int) and at >= 1):
            message = f"at is 'start', 'end', the number of a line from 1, or a piece of its text; got {at!r}"
            raise UsageError(message)
        name = None if task is None else task.name
        self._watch.plans.append(CrashPlan(task=name, at=at, within=tuple(within)))

    async def assert_idempotent(
        self,
        call: Call[Any],
        *,
        observe: Callable[[], Any | Awaitable[Any]],
        reset: Callable[[], object | Awaitable[object]] = lambda: None,
        within: Iterable[Callable[..., Any]] = (),
        points_max: int = 200,
    ) -> int:
        """Demand that the handler's effect is the same when its worker dies once, wherever that is.

        The job runs once undisturbed, and then once for each point: before the handler, before each of its lines, and
        after it returned. Each time it is run again after the crash, and ``observe()`` must answer the same as after
        the undisturbed run. ``reset()`` puts the world back before each run; the jobs of this test are cleared. Both
        may be ``async``. Answers the number of points. Raises AssertionError that names the line.
        """
        trial = Trial(self, call, observe=observe, reset=reset, within=tuple(within), points_max=points_max)
        return await trial.run(self._watch)

    @contextmanager
    def faults(self, plan: FaultPlan) -> Iterator[FaultPlan]:
        """Let calls of the store by the code under test go wrong, as ``plan`` says, within the block.

        Handlers are such code; the harness's own work goes on. See :mod:`headrace.testing.faults` for plans.
        """
        before, self._faults.plan = self._faults.plan, plan
        try:
            yield plan
        finally:
            self._faults.plan = before

    @contextmanager
    def outage(self, calls: int | None = None) -> Iterator[Outage]:
        """Let the store be away for the code under test: for its next ``calls`` calls, or the whole block."""
        with self.faults(Outage(calls)) as plan:
            assert isinstance(plan, Outage)
            yield plan

    def _named(self, task: Task[Any, Any] | str | None, jobs: list[EnqueuedJob]) -> Task[Any, Any] | str | None:
        """The task of that name. A name that neither app nor jobs know is an error: it would match nothing for ever."""
        if not isinstance(task, str) or (task not in self.app.tasks and any(job.task == task for job in jobs)):
            return task
        return self.app.find_task(task)

    def _all(self) -> list[EnqueuedJob]:
        jobs = []
        cursor: str | None = None
        while True:
            page = run_now(self._backend.reader.find(JobQuery(), cursor=cursor, limit=PAGE_LIMIT_MAX))
            jobs += [view(self.app, job) for job in page.items]
            cursor = page.next_cursor
            if cursor is None:
                return jobs[::-1]

    def __repr__(self) -> str:
        return f"<AppHarness of {self.app!r} at {self.clock.now().isoformat()}>"


class _Faults:
    """The plan that counts now."""

    def __init__(self) -> None:
        self.plan: FaultPlan = Script({})

    def fault(self, verb: str) -> Any:
        return self.plan.fault(verb)

    def copies(self, topic: str) -> int:
        return self.plan.copies(topic)


def _wanted(task: Task[Any, Any] | str | None, wanted: dict[str, Any]) -> Wanted:
    """What is looked for: the fields of ``Wanted`` by their names, and everything else as arguments of the task."""
    known = {name: wanted[name] for name in ("queue", "state", "run_at", "delay", "within") if name in wanted}
    named = {name: value for name, value in wanted.items() if name not in known and name != "args"}
    arguments = {**(wanted.get("args") or {}), **named}
    if "state" in known and known["state"] is not None:
        known["state"] = JobState(known["state"])
    if isinstance(task, Task):
        unknown = arguments.keys() - task.schema.signature.parameters.keys()
        if unknown:
            message = f"{task.name} has no parameter {', '.join(sorted(unknown))}: {task.name}{task.schema.describe()}"
            raise UsageError(message)
    return Wanted(task=task.name if isinstance(task, Task) else task, args=arguments, **known)
