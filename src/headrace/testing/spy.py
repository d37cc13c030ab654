"""Hears an app's events, and waits for them: what a test does instead of sleeping."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

from msgspec import Struct

from headrace.tasks.task import Task
from headrace.telemetry import Telemetry

PATIENCE = timedelta(seconds=10)
"""What should happen within a moment is given this long on a busy machine before the test fails."""

SHOWN_MAX = 20


class Seen(Struct, frozen=True):
    """An event: its name and its attributes, as listed in the reference of events."""

    name: str
    attributes: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.name} {self.attributes}"


class Spy:
    """Keeps every event while it is entered. Events may come from any thread.

    >>> telemetry = Telemetry()
    >>> with Spy(telemetry) as spy:
    ...     telemetry.emit("job.finished", task="greet", outcome="completed")
    >>> [event.attributes["outcome"] for event in spy.seen("job.finished", task="greet")]
    ['completed']
    """

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._events: list[Seen] = []
        self._lock = threading.Lock()
        self._wakers: list[Callable[[], None]] = []
        self._detach: Callable[[], None] | None = None

    def __enter__(self) -> Self:
        self._detach = self._telemetry.attach(self._hear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._detach is not None:
            self._detach()

    def seen(self, name: str | None = None, **attributes: Any) -> list[Seen]:
        """The events so far of this name and with these attributes, oldest first. A task may be given as itself."""
        wanted = {key: value.name if isinstance(value, Task) else value for key, value in attributes.items()}
        with self._lock:
            events = list(self._events)
        return [each for each in events if name in (None, each.name) and wanted.items() <= each.attributes.items()]

    async def wait_for(
        self, name: str, *, count: int = 1, timeout: timedelta | float = PATIENCE, **attributes: Any
    ) -> Seen:
        """Wait until the event has come ``count`` times since the spy was entered; answers the last of them.

        ``timeout`` is in real time, whatever the app's clock says. Raises AssertionError that lists what was seen.
        """
        limit = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
        loop, news = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(news.set)

        with self._lock:
            self._wakers.append(wake)
        try:
            async with asyncio.timeout(limit):
                while len(found := self.seen(name, **attributes)) < count:
                    await news.wait()
                    news.clear()
                return found[count - 1]
        except TimeoutError:
            raise AssertionError(self._missing(name, attributes, count, limit)) from None
        finally:
            with self._lock:
                self._wakers.remove(wake)

    def _hear(self, name: str, attributes: dict[str, Any]) -> None:
        with self._lock:
            self._events.append(Seen(name, attributes))
            wakers = list(self._wakers)
        for wake in wakers:
            wake()

    def _missing(self, name: str, attributes: dict[str, Any], count: int, limit: float) -> str:
        wanted = " with ".join(filter(None, (name, ", ".join(f"{key}={value}" for key, value in attributes.items()))))
        came = len(self.seen(name, **attributes))
        shown = "\n".join(f"  {event}" for event in self.seen()[-SHOWN_MAX:]) or "  nothing"
        return f"{wanted} came {came} times in {limit:g} s, not {count}. What happened, the latest last:\n{shown}"
