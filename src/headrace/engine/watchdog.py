"""Reports, with the culprit's stack, that the event loop or the whole interpreter stood still."""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import logging
import sys
import tempfile
import threading
import time
import traceback
from asyncio import AbstractEventLoop, get_running_loop
from collections import deque
from collections.abc import Callable
from datetime import timedelta

from headrace.engine.service import Service
from headrace.model.ids import WorkerId
from headrace.telemetry import Telemetry

log = logging.getLogger("headrace")

TICK_S_MIN = 0.25
"""How often the thread looks, at most: each look wakes the event loop of an idle worker."""

LOOKS_KEPT = 20
"""The lag told is the worst of the last 20 looks: with the usual warning that is the last ten seconds."""

_JOIN_S_MAX = 5.0


class Watchdog(Service):
    """A thread that asks the event loop for an answer and tells when none comes within ``warn_after``.

    With ``watch_gil`` it also keeps a timer of ``faulthandler`` running: a thread of C code, which writes all stacks to
    a file even while some extension holds the interpreter's lock and no Python can run. There is only one such timer in
    a process, so a program that uses it for itself turns this off.
    """

    def __init__(
        self, worker: WorkerId, warn_after: timedelta, telemetry: Telemetry, *, watch_gil: bool = True
    ) -> None:
        super().__init__("watchdog")
        self._worker = worker
        self._warn_after_s = max(warn_after.total_seconds(), TICK_S_MIN)
        self._tick_s = max(TICK_S_MIN, self._warn_after_s / 2)
        self._telemetry = telemetry
        self._watch_gil = watch_gil
        self._probe: _Probe | None = None

    @property
    def lag_s(self) -> float | None:
        """How late the event loop answered, at worst of late, or how long it has not; None before the first answer."""
        return None if self._probe is None else self._probe.lag_s()

    async def _begin(self) -> None:
        self._stopped = threading.Event()
        loop = get_running_loop()
        ready = asyncio.Event()
        self._thread = threading.Thread(
            target=self._watch, args=(loop, ready, threading.get_ident()), name="headrace-watchdog", daemon=True
        )
        self._thread.start()
        try:
            await ready.wait()
        except BaseException:
            self._stopped.set()
            raise

    async def _end(self) -> None:
        self._stopped.set()
        self._thread.join(_JOIN_S_MAX)

    def _watch(self, loop: AbstractEventLoop, ready: asyncio.Event, loop_thread: int) -> None:
        probe = self._probe = _Probe(loop, loop_thread, self._warn_after_s, self._tell)
        with _GilTimer(self._warn_after_s, enabled=self._watch_gil) as gil:
            while True:
                before = time.monotonic()
                gil.arm()
                if not ready.is_set():
                    with contextlib.suppress(RuntimeError):
                        loop.call_soon_threadsafe(ready.set)
                stopped = self._stopped.wait(self._tick_s)
                late_s = time.monotonic() - before - self._tick_s
                # This thread itself did not get to run: not only the loop, the interpreter stood still.
                if late_s > self._warn_after_s:
                    self._tell(late_s, gil.stack(), gil=True)
                    probe.forgive()
                if stopped:
                    return
                probe.look()

    def _tell(self, blocked_s: float, stack: str, *, gil: bool = False) -> None:
        what = "the interpreter" if gil else "the event loop"
        where = stack or "(no stack was caught)"
        log.warning(
            "%s of worker %s stood still for %.1f s; run what blocks in a thread or a process. It was here:\n%s",
            what,
            self._worker,
            blocked_s,
            where,
        )
        self._telemetry.emit("loop.blocked", worker=self._worker, blocked_s=blocked_s, stack=stack, gil=gil)


class _Probe:
    """Asks the loop for a sign of life; tells once when a block is noticed, and logs its length when it is over."""

    def __init__(
        self, loop: AbstractEventLoop, loop_thread: int, warn_after_s: float, tell: Callable[[float, str], None]
    ) -> None:
        self._loop = loop
        self._loop_thread = loop_thread
        self._warn_after_s = warn_after_s
        self._tell = tell
        self._answered = True
        self._asked_at = 0.0
        self._told = False
        self._lags: deque[float] = deque(maxlen=LOOKS_KEPT)

    def lag_s(self) -> float | None:
        lags = list(self._lags)
        if not self._answered:
            lags.append(time.monotonic() - self._asked_at)
        return max(lags, default=None)

    def look(self) -> None:
        now = time.monotonic()
        if self._answered:
            if self._told:
                log.warning("the event loop answers again, after %.1f s", now - self._asked_at)
                self._told = False
            self._ask(now)
        elif not self._told and now - self._asked_at >= self._warn_after_s:
            self._told = True
            self._tell(now - self._asked_at, _stack_of(self._loop_thread))

    def forgive(self) -> None:
        """Count from now: the time in which nothing could run has been told already."""
        self._asked_at = time.monotonic()

    def _ask(self, now: float) -> None:
        self._answered = False
        self._asked_at = now
        # The loop may be closed before this thread is told to stop.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._answer)

    def _answer(self) -> None:
        self._lags.append(time.monotonic() - self._asked_at)
        self._answered = True


class _GilTimer:
    """The timer of ``faulthandler``, armed again at most once a second, and the file it writes to."""

    ARM_EVERY_S = 1.0

    def __init__(self, warn_after_s: float, *, enabled: bool) -> None:
        self._after_s = warn_after_s + self.ARM_EVERY_S
        self._enabled = enabled
        self._armed_at = 0.0

    def __enter__(self) -> _GilTimer:
        if self._enabled:
            try:
                self._file = tempfile.TemporaryFile()
            except OSError as error:
                log.warning("what holds the interpreter's lock will not be reported: %r", error)
                self._enabled = False
        return self

    def __exit__(self, *_: object) -> None:
        if self._enabled:
            faulthandler.cancel_dump_traceback_later()
            self._file.close()

    def arm(self) -> None:
        now = time.monotonic()
        if self._enabled and now - self._armed_at >= self.ARM_EVERY_S:
            self._armed_at = now
            faulthandler.dump_traceback_later(self._after_s, file=self._file)

    def stack(self) -> str:
        """What was written since the last call."""
        if not self._enabled:
            return ""
        self._armed_at = 0.0
        self._file.seek(0)
        text = self._file.read().decode("utf-8", "replace")
        self._file.seek(0)
        self._file.truncate()
        return text


def _stack_of(thread: int) -> str:
    frame = sys._current_frames().get(thread)  # noqa: SLF001 (the documented way to another thread's stack)
    return "" if frame is None else "".join(traceback.format_stack(frame))
