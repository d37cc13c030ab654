"""Signals between processes by LISTEN and NOTIFY, and within the process at once.

One connection of each process listens, from the first subscription on: a process that only enqueues is not woken by
what others do, nor by its own jobs. What this process has to tell goes out on it too, after the commit, all that has
piled up in one NOTIFY: a NOTIFY inside a transaction takes a lock of the whole database at its commit. Behind pgbouncer
nothing can listen; then every subscriber is told ``KIND:*`` at a short interval, and looks for itself. What such a
process has to tell is sent all the same, for those that reach the server without a pooler.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from typing import Any

from headrace.backends.postgres.statements import sql
from headrace.errors import HeadraceError
from headrace.storage.signals import CANCEL, DONE, DUE, EVENT, WORK, topic
from headrace.storage.subscriptions import LocalBus, Subscription, kind_of

PAYLOAD_MAX = 7_900
"""PostgreSQL takes payloads of less than 8,000 bytes."""

POLL_S = 0.5
LISTEN_S_MAX = 2.0
SEND_S_MAX = 1.0
SEND_S_MIN = 0.002
"""From one NOTIFY to the next. The first of a burst leaves at once; what follows leaves together."""

RECONNECT_S_FIRST, RECONNECT_S_MAX = 0.1, 5.0

SIGN_OF_LIFE_S = 30.0
"""A connection that a firewall forgot is as silent as one on which nothing happens, so after so long one is asked
something. A process that only listens would never notice otherwise."""

_EVENTS = topic(EVENT, "*")

log = logging.getLogger("headrace.postgres")


class PostgresSignalBus:
    """The subscriptions of this process, and the connection that sends, and that listens once there are any."""

    def __init__(
        self,
        schema: str,
        connect: Callable[[], Awaitable[Any]],
        notify: Callable[[str, str], Awaitable[None]],
    ) -> None:
        self._schema = schema
        self._channel = channel_of(schema)
        self._connect = connect
        self._notify = notify
        self._local = LocalBus()
        self._subscriptions: set[Subscription] = set()
        self._listens = False
        self._outbox: dict[str, None] = {}
        self._to_send = asyncio.Event()
        self._listening = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()
        self._sent = asyncio.Event()
        self._sent.set()
        self._interrupted = False
        self._wait_s = RECONNECT_S_FIRST

    async def publish(self, topics: Iterable[str]) -> None:
        self.tell(topics)

    def tell(self, topics: Iterable[str]) -> None:
        """Tell subscribers here at once and elsewhere soon. Never waits and never raises."""
        told = list(topics)
        self._tell_here(told)
        # A result is waited for in few places, and most finished jobs are waited for nowhere.
        self._outbox.update(dict.fromkeys(told))
        self._sent.clear()
        self._to_send.set()

    @asynccontextmanager
    async def subscribe(self, kinds: Collection[str]) -> AsyncIterator[AsyncIterator[str]]:
        subscription = Subscription(kinds)
        self._subscriptions.add(subscription)
        if not self._listens:
            self._listens = True
            self._to_send.set()
        with suppress(TimeoutError):  # without it nothing is lost but time
            async with asyncio.timeout(LISTEN_S_MAX):
                await self._listening.wait()
        try:
            with self._local.joined(subscription):
                yield subscription
        finally:
            self._subscriptions.discard(subscription)

    def open(self, *, listens: bool) -> None:
        """Begin to listen, or to look where nothing can be heard, and to send."""
        self._closing.clear()
        self._task = asyncio.create_task(self._serve() if listens else self._poll())

    async def close(self) -> None:
        """Send what is left, and end all subscriptions."""
        for subscription in tuple(self._subscriptions):
            subscription.close()
        task, self._task = self._task, None
        self._closing.set()
        if task is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(SEND_S_MAX):
                    await self._sent.wait()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _poll(self) -> None:
        self._listening.set()
        while not self._closing.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_S):
                    await self._closing.wait()
            self._look_everywhere()
            with suppress(HeadraceError):  # a signal is a hint
                await self._send(lambda payload: self._notify(self._channel, payload))

    def _look_everywhere(self) -> None:
        self._local.publish([f"{kind}:*" for kind in (WORK, DUE, DONE, CANCEL, EVENT)])

    async def _serve(self) -> None:
        while True:
            try:
                await self._serve_one_connection()
            except Exception as error:
                level = logging.DEBUG if self._interrupted else logging.WARNING  # told once, as is its end
                why = str(error) or type(error).__name__
                log.log(level, "signals are interrupted, jobs are found by polling meanwhile: %s", why)
                self._interrupted = True
            await asyncio.sleep(self._wait_s)
            self._wait_s = min(self._wait_s * 2, RECONNECT_S_MAX)

    def _note_connected(self) -> None:
        if self._interrupted:
            log.info("signals are heard again")
        self._interrupted = False
        self._wait_s = RECONNECT_S_FIRST

    async def _serve_one_connection(self) -> None:
        connection = await self._connect()
        lost = asyncio.Event()

        def lose(_: object) -> None:
            lost.set()
            self._to_send.set()

        connection.add_termination_listener(lose)
        statement = sql("notify", self._schema)
        try:
            self._note_connected()
            while not lost.is_set():
                if self._listens and not self._listening.is_set():
                    await self._listen(connection)
                if await self._has_to_send():
                    await self._send(lambda payload: connection.execute(statement, self._channel, payload))
                    await asyncio.sleep(SEND_S_MIN)
                else:
                    await connection.execute("SELECT")
        finally:
            self._listening.clear()
            connection.terminate()

    async def _listen(self, connection: Any) -> None:
        ours = connection.get_server_pid()
        await connection.add_listener(
            self._channel, lambda _, process, __, payload: None if process == ours else self._hear(payload)
        )
        self._listening.set()
        self._look_everywhere()  # what was missed while nobody listened

    async def _has_to_send(self) -> bool:
        """Wait until there is something to send; False after a while without."""
        with suppress(TimeoutError):
            async with asyncio.timeout(SIGN_OF_LIFE_S):
                await self._to_send.wait()
        anything = self._to_send.is_set()
        self._to_send.clear()
        return anything

    async def _send(self, notify: Callable[[str], Awaitable[Any]]) -> None:
        topics, self._outbox = self._outbox, {}
        for payload in payloads(topics):
            await notify(payload)
        if not self._outbox:
            self._sent.set()

    def _hear(self, payload: str) -> None:
        self._tell_here(json.loads(payload))

    def _tell_here(self, topics: list[str]) -> None:
        """Whatever is told of jobs is also a hint that the journal holds more: nobody has to send that as well."""
        if topics and self._local.heard(EVENT):
            topics = [*topics, _EVENTS]
        self._local.publish(topics)


def channel_of(schema: str) -> str:
    """The channel that everybody on a schema listens to."""
    return f"headrace_{schema}"


def payloads(topics: Iterable[str]) -> Iterable[str]:
    """JSON lists of topics, each short enough for one NOTIFY; where there are too many of a kind, ``KIND:*``.

    >>> list(payloads(["work:a", "work:b"]))
    ['["work:a", "work:b"]']
    """
    whole = json.dumps(list(topics))
    if whole == "[]":
        return []
    if len(whole) <= PAYLOAD_MAX:
        return [whole]
    return [json.dumps(sorted({f"{kind_of(topic)}:*" for topic in topics}))]


@lru_cache(maxsize=1024)
def payload_of(topic: str) -> str:
    """The one of a single topic. Most enqueues tell of the same few queues.

    >>> payload_of("work:a")
    '["work:a"]'
    """
    [payload] = payloads([topic])
    return payload
