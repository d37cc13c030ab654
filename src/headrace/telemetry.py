"""What happens, told to whoever listens: named events and spans. Nothing is paid while nobody does.

Listeners (logging, OpenTelemetry, Prometheus, a test's spy) are plain callables, attached to one app's `Telemetry`.

========================  =====================================================================================
event                     attributes
========================  =====================================================================================
``job.enqueued``          ``count``, ``queues``
``job.started``           ``job_id``, ``task``, ``queue``, ``attempt``, ``wait_s``
``job.finished``          ``job_id``, ``task``, ``queue``, ``attempt``, ``outcome``, ``run_s``
``job.not_known``         ``job_id``, ``task``, ``queue``, ``attempt``, ``version``, ``newest``: not for this build
``job.lease_lost``        ``job_id``, ``task``, ``queue``, ``attempt``
``job.stale``             ``job_id``, ``task``, ``queue``, ``attempt``: a finish came too late and changed nothing
``job.rescued``           ``job_id``, ``queue``, ``state``, ``worker``
``task.deprecated``       ``task``, ``version``, ``message``: jobs of that version come; said once
``worker.started``        ``worker``, ``queues``
``worker.stopped``        ``worker``, ``released``
``schedule.fired``        ``schedule``, ``planned``, ``job_id``, ``delay_s``, ``count``; likewise ``schedule.held``,
                          ``schedule.skipped``, ``schedule.missed`` and ``schedule.failed``
``loop.blocked``          ``worker``, ``blocked_s``, ``stack``, ``gil``: the event loop, or the interpreter, stood still
``upkeep.round``          ``duty``, ``count``, ``took_s``
``store.error``           ``operation``, ``error``
========================  =====================================================================================
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Listener = Callable[[str, dict[str, Any]], None]


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

    __slots__ = ("_listeners", "active")

    def __init__(self) -> None:
        self._listeners: tuple[Listener, ...] = ()
        self.active = False

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

    def emit(self, name: str, **attributes: Any) -> None:
        """Tell all listeners. On hot paths ask ``active`` first: then attributes cost nothing unheard."""
        for listener in self._listeners:
            listener(name, attributes)

    @contextmanager
    def span(self, name: str, **attributes: Any) -> Iterator[None]:
        """Emit ``NAME`` with ``took_s`` and, when the body raised, ``error``, once the body has ended."""
        if not self.active:
            yield
            return
        begun = time.perf_counter()
        try:
            yield
        except BaseException as error:
            self.emit(name, **attributes, took_s=time.perf_counter() - begun, error=type(error).__name__)
            raise
        self.emit(name, **attributes, took_s=time.perf_counter() - begun)
