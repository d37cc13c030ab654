# Made from headrace/client/aio/sending.py by tests/client/unasync.py. Change that file, and run it again.
"""Requests over a connection: sent, answered, and sent again where that is safe."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, TypeVar

import httpx2
import msgspec

from headrace._version import __version__
from headrace.client.blocking.pausing import Pauses
from headrace.client.core.answers import error_of, problem_of, unreadable
from headrace.client.core.events import EventReader
from headrace.client.core.request import Request
from headrace.client.core.retries import Failure, Retries, retry_after
from headrace.errors import Unavailable, UsageError
from headrace.wire.events import EventView

R = TypeVar("R")

NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
SILENCE_S_MAX = 45.0
"""A stream of events has a sign of life every 15 s or so; one that is silent for longer has lost its other end."""


class Sender:
    """The connections to one service. Safe to be used from everywhere at once."""

    def __init__(
        self,
        url: str,
        *,
        token: str | None,
        timeout: timedelta,
        retries: int,
        transport: httpx2.BaseTransport | None,
    ) -> None:
        self.url = _check_url(url)
        self._timeout_s = timeout.total_seconds()
        self._retries = Retries(most=retries)
        self._pauses = Pauses()
        headers = {"user-agent": f"headrace/{__version__}", "accept": "application/json"}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        self._http = httpx2.Client(base_url=self.url, headers=headers, timeout=self._timeout_s, transport=transport)

    def close(self) -> None:
        """Let go of the connections, and end waits between attempts."""
        self._pauses.end()
        self._http.close()

    def send(self, request: Request[R]) -> R:
        """The reply. Raises what the problem stands for, Unavailable where none came, ServiceError for nonsense."""
        return self.send_and_count(request)[0]

    def send_and_count(self, request: Request[R]) -> tuple[R, int]:
        """The reply, and how often the request was sent again."""
        done = 0
        while True:
            answer = self._try(request)
            if not isinstance(answer, Failure):
                return answer, done
            delay = self._retries.delay(request, answer, done)
            if delay is None or self._pauses.over:
                raise answer.error
            self._pauses.wait(delay)
            done += 1

    def _try(self, request: Request[R]) -> R | Failure:
        try:
            response = self._http.request(
                request.method,
                request.path,
                content=request.body,
                params=dict(request.query),
                headers=_headers(request),
                timeout=httpx2.Timeout(self._timeout_s, read=self._timeout_s + request.wait_s),
            )
        except httpx2.TransportError as error:
            return _unanswered(self.url, error)
        if not response.is_success:
            return _refused(response)
        try:
            return request.read(response.content)
        except msgspec.MsgspecError as error:
            raise unreadable(request.path, error) from None

    def stream(self, request: Request[Any], after: int | None) -> Iterator[EventView]:
        """Events, for ever: from now on, or after one. Goes on after the last one when the connection breaks."""
        reader, done = EventReader(after), 0
        while not self._pauses.over:
            headers = _headers(request)
            if reader.last is not None:
                headers["last-event-id"] = str(reader.last)
            failure: Failure | None = None
            try:
                timeout = httpx2.Timeout(self._timeout_s, read=SILENCE_S_MAX)
                with self._http.stream(
                    "GET", request.path, params=dict(request.query), headers=headers, timeout=timeout
                ) as response:
                    if response.is_success:
                        reader.reconnected()
                        for chunk in response.iter_bytes():
                            for event in reader.feed(chunk):
                                done = 0
                                yield event
                    else:
                        response.read()
                        failure = _refused(response)
            except httpx2.TransportError as error:
                failure = _unanswered(self.url, error)
            # A stream that ended well was let go: the server stops, or we were too slow.
            delay = self._retries.delay(request, failure or Failure(error=UsageError("")), done)
            if delay is None:
                assert failure is not None or done
                raise failure.error if failure is not None else Unavailable(f"{self.url} ends each stream at once")
            self._pauses.wait(delay)
            done += 1

    def pause(self, seconds: float) -> None:
        """Wait that long, or until the client is closed."""
        self._pauses.wait(seconds)

    def clock(self) -> float:
        """Seconds that only grow, for limits of waiting."""
        return time.monotonic()


def _headers(request: Request[Any]) -> dict[str, str]:
    kind = {} if request.body is None else {"content-type": "application/json"}
    return {**kind, **request.headers}


def _unanswered(url: str, error: httpx2.TransportError) -> Failure:
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    unavailable = Unavailable(f"{url} did not answer: {what}")
    unavailable.__cause__ = error
    return Failure(error=unavailable, sent=not isinstance(error, NOT_SENT))


def _refused(response: httpx2.Response) -> Failure:
    problem = problem_of(response.status_code, response.content, response.headers.get("x-request-id"))
    return Failure(error=error_of(problem), problem=problem, retry_after_s=retry_after(response.headers))


def _check_url(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"url is the address of a headrace server, such as http://127.0.0.1:8080; got {url!r}")
    return url.rstrip("/")
