"""The life of the server's process: listen, serve, and stop so that nobody notices."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Iterator

from headrace.app import Headrace
from headrace.config.server import ServerSettings
from headrace.engine.collector import spare_the_collector
from headrace.errors import ConfigError, MissingExtra
from headrace.server.auth import Authenticator
from headrace.server.service import Service, create_app

try:
    import uvicorn
except ImportError:  # pragma: no cover  (tested in a process of its own)
    raise MissingExtra("uvicorn", "server") from None

from headrace.server.writing import Protocol

log = logging.getLogger("headrace.server")

BACKLOG = 2_048


class _Server(uvicorn.Server):
    """Leaves signals to :func:`serve`, which first says that it is not ready."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take none."""
        yield


def check_exposure(settings: ServerSettings, *, has_keys: bool = False) -> None:
    """Raise ConfigError where other machines could do everything with the store, and nobody has said so."""
    if settings.is_loopback or settings.token is not None or has_keys:
        return
    raise ConfigError(
        f"host {settings.host} can be reached by other machines, and anyone there could run jobs: set "
        "HEADRACE_SERVER_TOKEN to a secret of at least 16 characters, make an API key with headrace key create, or "
        "listen on 127.0.0.1"
    )


async def serve(app: Headrace, settings: ServerSettings, *, authenticator: Authenticator | None = None) -> None:
    """Serve until SIGTERM or SIGINT, finish what is in flight, and close. A second signal stops at once.

    Raises OSError when it cannot listen there, ConfigError where everybody could reach it, and what opening the store
    raises.
    """
    service = create_app(app, settings, authenticator=authenticator)
    service.guard.local_only = settings.is_loopback and settings.token is None
    server = _Server(_uvicorn_config(service, settings))
    await service.state.open()  # here, so that its error is told as it is
    try:
        if not app.backend.capabilities.processes:
            log.warning("jobs of this store are in this process alone: workers of other processes do not see them")
        check_exposure(settings, has_keys=bool(await app.keys.list()))
        listening = _listen(settings)
        with _stopped_by_signals(server, service.state.closing, settings):
            host, port = listening.getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            log.info("the server is ready: http://%s:%d; store %s", shown, port, app.backend.url)
            await server.serve(sockets=[listening])
    finally:
        await service.state.close()
    log.info("the server has stopped")


def run(app: Headrace, settings: ServerSettings, *, authenticator: Authenticator | None = None) -> None:
    """Serve in a process and on an event loop of its own, by uvloop where it is installed."""
    spare_the_collector()
    try:
        import uvloop
    except ImportError:
        asyncio.run(serve(app, settings, authenticator=authenticator))
        return
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(app, settings, authenticator=authenticator))


def _uvicorn_config(service: Service, settings: ServerSettings) -> uvicorn.Config:
    return uvicorn.Config(
        service,
        host=settings.host,
        port=settings.port,
        lifespan="on",
        http=Protocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nothing here depends on who is in front
        backlog=BACKLOG,
        timeout_graceful_shutdown=max(1, round(settings.grace.total_seconds())),
    )


@contextlib.contextmanager
def _stopped_by_signals(server: uvicorn.Server, closing: asyncio.Event, settings: ServerSettings) -> Iterator[None]:
    """Meanwhile the first SIGTERM or SIGINT lets the server finish and stop, and a second one stops it at once."""
    stopping: set[asyncio.Task[None]] = set()

    def stop(number: int) -> None:
        if stopping:
            server.force_exit = server.should_exit = True
            return
        log.info("%s: finishing requests; once more to stop at once", signal.Signals(number).name)
        stopping.add(asyncio.ensure_future(_stop(server, closing, settings)))

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
        for task in stopping:
            task.cancel()


async def _stop(server: uvicorn.Server, closing: asyncio.Event, settings: ServerSettings) -> None:
    """Say that it is not ready, let those who wait have their answers, and listen no more."""
    closing.set()
    await asyncio.sleep(settings.drain.total_seconds())
    server.should_exit = True


def _listen(settings: ServerSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    return socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
