"""A server on a port of this machine, in a thread of this process."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import Self

import uvicorn

from headrace import Headrace
from headrace.config.server import ServerSettings
from headrace.server import create_app
from headrace.server.writing import Protocol

START_S_MAX = 30.0


class LiveServer(uvicorn.Server):
    """Serves an app, which nobody else may have open, while it is a context manager. ``url`` is where.

    ``port`` 0 takes a free one.
    """

    def __init__(self, app: Headrace, settings: ServerSettings | None = None, *, port: int = 0) -> None:
        self._service = create_app(app, settings)
        super().__init__(
            uvicorn.Config(self._service, http=Protocol, lifespan="on", log_config=None, timeout_graceful_shutdown=5)
        )
        self._listening = socket.create_server(("127.0.0.1", port))
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self.run, args=([self._listening],), name="live server")
        self.port: int = self._listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and let who waits know."""
        await super().startup(sockets)
        self._ready.set()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(START_S_MAX), "the server did not start"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Let requests finish, and end. Twice does nothing."""
        self._service.state.closing.set()
        self.should_exit = True
        self._thread.join(START_S_MAX)
        assert not self._thread.is_alive(), "the server did not stop"
        self._listening.close()
