"""What happens, told to whoever listens: named events and spans. Nothing is paid while nobody does.

Listeners (logging, Prometheus, a test's spy) are plain callables, attached to one app's `Telemetry`: they hear what has
happened. A tracer (OpenTelemetry) goes around what happens: it may mark jobs before they are stored, and it is there
while they run.

========================  =====================================================================================
event                     attributes
========================  =====================================================================================
``job.enqueued``          ``count``, ``queues``, ``tasks``: how many jobs, by queue, and by task and queue
``job.started``           ``job_id``, ``task``, ``queue``, ``attempt``, ``correlation_id``, ``wait_s``
``job.finished``          ``job_id``, ``task``, ``queue``, ``attempt``, ``correlation_id``, ``outcome``, ``dead``,
                          ``error``, ``wait_s``, ``run_s``, ``cpu_s``, ``peak_rss_bytes``
``job.not_known``         ``job_id``, ``task``, ``queue``, ``attempt``, ``correlation_id``, ``version``, ``newest``:
                          not for this build
``job.lease_lost``        ``job_id``, ``task``, ``queue``, ``attempt``, ``correlation_id``
``job.stale``             ``job_id``, ``task``, ``queue``, ``attempt``, ``correlation_id``: a finish came too late and
                          changed nothing
``job.rescued``           ``job_id``, ``queue``, ``state``, ``worker``
``task.deprecated``       ``task``, ``version``, ``message``: jobs of that version come; said once
``dead.depth``            ``queue``, ``depth``, ``dead``: an alarm rang, see ``Headrace.on_dead``
``worker.started``        ``worker``, ``queues``
``worker.stopped``        ``worker``, ``released``
``schedule.fired``        ``schedule``, ``planned``, ``job_id``, ``delay_s``, ``count``; likewise ``schedule.held``,
                          ``schedule.skipped``, ``schedule.missed`` and ``schedule.failed``
``worker.beat``           ``worker``, ``record``: what it writes about itself, every ten seconds
``loop.blocked``          ``worker``, ``blocked_s``, ``stack``, ``gil``: the event loop, or the interpreter, stood still
``upkeep.round``          ``duty``, ``count``, ``took_s``
``store.call``            ``operation``, ``took_s``, and ``error``, the name of its type, when it failed
``store.error``           ``operation``, ``error``
========================  =====================================================================================

``dead`` tells that the outcome was to be the job's last; ``error`` is the type of what the handler raised, or None.
``wait_s`` is the time from when the job could run until it did. ``cpu_s`` and ``peak_rss_bytes`` are None where the
executor cannot tell them: see :class:`~headrace.model.usage.Usage`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Any, Protocol

from headrace.errors import UsageError
from headrace.model.job import Job, NewJob
from headrace.model.outcome import Outcome

Listener = Callable[[str, dict[str, Any]], None]

Ended = Callable[[Outcome | None], None]
"""Told how an attempt ended; None when its lease was lost."""


class Tracer(Protocol):
    """Goes around enqueues and attempts. Neither method may raise."""

    def enqueue(self, jobs: Sequence[NewJob]) -> AbstractContextManager[Sequence[NewJob]]:
        """Entered in the caller's context before the jobs are stored; gives the jobs to store in their place."""
        ...

    def attempt(self, job: Job) -> AbstractContextManager[Ended]:
        """Entered in the handler's context before it begins; gives what is to be told how it ended."""
        ...


class Telemetry:
    """The listeners of one app. Without any, ``active`` is False and callers build no attributes.

    >>> seen = []
    >>> telemetry = Telemetry()
    >>> telemetry.active
    False
    >>> detach = telemetry.attach(lambda name, attributes: seen.append((name, attributes)))
    >>> telemetry.emit("worker.started", worker="w-1", queues=["mail"])
    >>> seen
    [('worker.started', {'worker': 'w-1', 'queues': ['mail']})]
    >>> detach()
    >>> telemetry.active
    False
    """

    __slots__ = ("_listeners", "active", "tracer")

    def __init__(self) -> None:
        self._listeners: tuple[Listener, ...] = ()
        self.active = False
        self.tracer: Tracer | None = None

    def attach(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener(name, attributes)`` for every event; it must be quick and may be called from any thread.

        Answers a function that detaches it. What a listener raises is the listener's bug and is not caught.
        """
        self._listeners = (*self._listeners, listener)
        self.active = True

        def detach() -> None:
            self._listeners = tuple(each for each in self._listeners if each is not listener)
            self.active = bool(self._listeners)

        return detach

    def trace(self, tracer: Tracer) -> Callable[[], None]:
        """Let ``tracer`` go around every enqueue and attempt; answers a function that takes it away again.

        Raises UsageError when there is one: two would each write their own trace into the jobs.
        """
        if self.tracer is not None:
            raise UsageError(f"this app is traced already, by {self.tracer!r}; detach it first")
        self.tracer = tracer

        def detach() -> None:
            if self.tracer is tracer:
                self.tracer = None

        return detach

    def emit(self, name: str, **attributes: Any) -> None:
        """Tell all listeners. On hot paths ask ``active`` first: then attributes cost nothing unheard."""
        for listener in self._listeners:
            listener(name, attributes)

    def span(self, name: str, **attributes: Any) -> AbstractContextManager[None]:
        """Emit ``NAME`` with ``took_s`` and, when the body raised, ``error``, once the body has ended."""
        return _Span(self, name, attributes) if self.active else _UNHEARD


class _Span(AbstractContextManager[None]):
    def __init__(self, telemetry: Telemetry, name: str, attributes: dict[str, Any]) -> None:
        self._telemetry = telemetry
        self._name = name
        self._attributes = attributes

    def __enter__(self) -> None:
        self._begun = time.perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        took_s = time.perf_counter() - self._begun
        failure = {} if kind is None else {"error": kind.__name__}
        self._telemetry.emit(self._name, **self._attributes, took_s=took_s, **failure)


_UNHEARD: AbstractContextManager[None] = nullcontext()
