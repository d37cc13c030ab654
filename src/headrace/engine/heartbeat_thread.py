"""A thread with an event loop and a backend of its own for the heartbeats: a blocked event loop loses no lease."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from datetime import timedelta

from headrace.engine.execution import Execution
from headrace.engine.heartbeater import Heartbeater, OnCancel, OnLost
from headrace.engine.service import Service
from headrace.model.ids import JobId
from headrace.storage.backend import Backend

_JOIN_S_MAX = 10.0
"""A store that does not let go within this time is left behind in its daemon thread."""


class HeartbeatThread(Service):
    """Runs a `Heartbeater` on a sibling of the backend, and calls back on the loop that started it."""

    def __init__(
        self,
        backend: Backend,
        held: dict[JobId, Execution],
        lease: timedelta,
        *,
        on_cancel: OnCancel,
        on_lost: OnLost,
        on_unheard: OnLost | None = None,
    ) -> None:
        super().__init__("heartbeat thread")
        self._backend = backend
        self._held = held
        self._lease = lease
        self._on_cancel = on_cancel
        self._on_lost = on_lost
        self._on_unheard = on_unheard or on_lost
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None

    async def _begin(self) -> None:
        self._home = asyncio.get_running_loop()
        self._ready: asyncio.Future[None] = self._home.create_future()
        self._ended: asyncio.Future[None] = self._home.create_future()
        self._thread = threading.Thread(target=self._main, name="headrace-heartbeats", daemon=True)
        self._thread.start()
        try:
            await self._ready
        except BaseException:
            await self._end()
            raise

    async def _end(self) -> None:
        if self._loop is not None and self._stop is not None:
            # The thread's loop may have ended by itself, on the error that is being raised just now.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stop.set)
        await asyncio.wait([self._ended], timeout=_JOIN_S_MAX)
        self._thread.join(1.0)

    def _main(self) -> None:
        try:
            asyncio.run(self._beat_until_stopped())
        except BaseException as error:
            self._call(_fail, self._ready, error)
        finally:
            self._call(_resolve, self._ended)

    async def _beat_until_stopped(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        backend = self._backend.sibling()
        await backend.open()
        try:
            heartbeater = Heartbeater(
                backend,
                self._held,
                self._lease,
                on_cancel=lambda run, reason: self._call(self._on_cancel, run, reason),
                on_lost=lambda run: self._call(self._on_lost, run),
                on_unheard=lambda run: self._call(self._on_unheard, run),
            )
            await heartbeater.start()
            self._call(_resolve, self._ready)
            await self._stop.wait()
            await heartbeater.stop()
        finally:
            await backend.close()

    def _call(self, *call: object) -> None:
        """Call on the worker's loop; when that loop is gone, so is the worker."""
        with contextlib.suppress(RuntimeError):
            self._home.call_soon_threadsafe(*call)  # type: ignore[arg-type]


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _fail(future: asyncio.Future[None], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
