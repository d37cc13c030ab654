"""Signals between processes: a datagram socket for each subscription, in the folder beside the database.

A subscriber of kind ``work`` binds ``work.RANDOM.sock``; a publisher sends a datagram to each socket of the kind. That
costs nothing while nobody publishes, and wakes a worker in well under a millisecond. What cannot be told this way (a
commit in somebody's own transaction, a file system without sockets) is seen by a look at ``PRAGMA data_version`` ten
times a second: a changed number becomes ``KIND:*``.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import msgspec

from headrace.backends.sqlite.folder import Folder
from headrace.errors import StorageError
from headrace.storage.signals import DONE, DUE, EVENT, EXPIRY, WORK
from headrace.storage.subscriptions import LocalBus, Subscription, kind_of

_log = logging.getLogger("headrace.sqlite")

DATAGRAM_MAX = 4_096
"""Bytes of a datagram; a message that would be longer says ``KIND:*`` instead."""

POLL_SECONDS = 0.1
"""How late a commit can be seen that nobody signalled."""

POLLED_KINDS = (WORK, DUE, EXPIRY, DONE, EVENT)
"""What a silent commit can have brought about. Cancellations are also brought by each heartbeat."""

_EVERYTHING = [f"{kind}:*" for kind in POLLED_KINDS]
_SUFFIX = ".sock"
_LISTING_FRESH_NS = 1_000_000
"""Asked several times for one transaction, and a look costs ten microseconds; who comes in between has to look at the
store anyway, for what was committed just before."""
_LISTING_SETTLED_NS = 50_000_000
"""A folder's time stamp may be as coarse as the kernel's tick; only a listing older than that is trusted."""


class SqliteSignalBus:
    """One backend's view: publishes to every process, subscribes for this one."""

    def __init__(
        self, folder: Folder, *, data_version: Callable[[], Awaitable[int]], on_work: Callable[[], None]
    ) -> None:
        self._folder = folder
        self._data_version = data_version
        self._on_work = on_work
        self._local = LocalBus()
        self._own: set[Subscription] = set()
        self._poller: asyncio.Task[None] | None = None
        self._own_names: set[str] = set()
        self._sender: socket.socket | None = None
        self._listing: dict[str, list[str]] = {}
        self._listed_ns = -1
        self._looked_ns = -_LISTING_FRESH_NS

    def open(self) -> None:
        """Ready to publish."""
        with suppress(OSError):
            self._folder.open()
        if hasattr(socket, "AF_UNIX"):
            self._sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._sender.setblocking(False)

    def end_subscriptions(self) -> None:
        """End this backend's subscriptions; it can still tell others."""
        for subscription in list(self._own):
            subscription.close()

    def close(self) -> None:
        """End this backend's subscriptions, and tell nobody any more."""
        self.end_subscriptions()
        if self._sender is not None:
            self._sender.close()
            self._sender = None

    def heard(self, kind: str) -> bool:
        """Whether anybody listens to this kind, here or in another process."""
        return self._local.heard(kind) or bool(self._peers(kind))

    async def publish(self, topics: Iterable[str]) -> None:
        self.send(dict.fromkeys(topics))

    def send(self, topics: Collection[str]) -> None:
        """Tell subscribers here and elsewhere. From any thread; never waits and never raises."""
        self.tell_here(topics)
        self.tell_elsewhere(topics)

    def tell_here(self, topics: Collection[str]) -> None:
        """Tell the subscribers of this backend; at once where they are on the calling thread's event loop."""
        self._local.publish(topics)

    def tell_elsewhere(self, topics: Collection[str]) -> None:
        """Tell other backends and processes, by their sockets."""
        try:
            self._tell_elsewhere(topics)
        except Exception:
            # What is signalled has been committed: a failing hint must not look like a failed transaction.
            _log.exception("signals could not be sent; polling goes on")

    def _tell_elsewhere(self, topics: Collection[str]) -> None:
        by_kind: dict[str, list[str]] = {}
        for topic in topics:
            by_kind.setdefault(kind_of(topic), []).append(topic)
        for kind, names in by_kind.items():
            peers = self._peers(kind)
            if peers:
                self._send_to(peers, _message(kind, names))

    def _send_to(self, peers: Iterable[str], message: bytes) -> None:
        sender = self._sender
        for name in peers:
            path = self._folder.socket_path(name)
            if sender is None or path is None:
                return
            try:
                sender.sendto(message, path)
            except (ConnectionRefusedError, FileNotFoundError):
                self._folder.remove(name)  # its process is gone
            except OSError:
                continue  # a full buffer: the subscriber has enough to look at

    def _peers(self, kind: str) -> list[str]:
        """The sockets of other subscribers of this kind, from a listing that is read again when the folder changed."""
        now = time.monotonic_ns()
        if now - self._looked_ns < _LISTING_FRESH_NS:
            return self._listing.get(kind, [])
        self._looked_ns = now
        changed = self._folder.changed_ns()
        if changed != self._listed_ns:
            listing: dict[str, list[str]] = {}
            for name in self._folder.names():
                if name.endswith(_SUFFIX) and name not in self._own_names:
                    listing.setdefault(name.partition(".")[0], []).append(name)
            self._listing = listing
            settled = time.time_ns() - changed > _LISTING_SETTLED_NS
            self._listed_ns = changed if settled else -1
        return self._listing.get(kind, [])

    @asynccontextmanager
    async def subscribe(self, kinds: Collection[str]) -> AsyncIterator[AsyncIterator[str]]:
        subscription = Subscription(kinds)
        self._own.add(subscription)
        self._keep_polling()
        try:
            async with AsyncExitStack() as stack:
                stack.enter_context(self._local.joined(subscription))
                for kind in kinds:
                    self._bind(stack, kind, subscription)
                yield subscription
        finally:
            subscription.close()
            self._own.discard(subscription)
            await self._stop_polling_if_unheard()

    def _bind(self, stack: AsyncExitStack, kind: str, subscription: Subscription) -> None:
        name = f"{kind}.{os.urandom(6).hex()}{_SUFFIX}"
        path = self._folder.socket_path(name)
        if path is None or not hasattr(socket, "AF_UNIX"):
            return
        receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        stack.callback(receiver.close)
        self._own_names.add(name)
        try:
            receiver.setblocking(False)
            receiver.bind(path)
        except OSError:
            return  # a file system without sockets: polling remains
        loop = asyncio.get_running_loop()
        loop.add_reader(receiver.fileno(), self._receive, receiver, subscription)
        stack.callback(self._unbind, loop, receiver, name)

    def _unbind(self, loop: asyncio.AbstractEventLoop, receiver: socket.socket, name: str) -> None:
        loop.remove_reader(receiver.fileno())
        self._folder.remove(name)
        self._own_names.discard(name)

    def _receive(self, receiver: socket.socket, subscription: Subscription) -> None:
        while True:
            try:
                message = receiver.recv(DATAGRAM_MAX + 1)
            except OSError:
                return  # nothing more for now
            with suppress(msgspec.MsgspecError):
                self._hear(subscription, _decode_message(message))

    def _hear(self, subscription: Subscription, topics: Collection[str]) -> None:
        """Something from elsewhere: it is for whoever subscribed, and for the claims that wait in the writer."""
        if any(kind_of(topic) == WORK for topic in topics):
            self._on_work()
        subscription.offer(topics)

    def _keep_polling(self) -> None:
        """One look at the file serves all subscriptions of this backend."""
        if self._poller is None and self._polled():
            self._poller = asyncio.create_task(self._poll(), name="headrace-sqlite-poll")

    async def _stop_polling_if_unheard(self) -> None:
        if self._poller is None or self._polled():
            return
        poller, self._poller = self._poller, None
        poller.cancel()
        with suppress(asyncio.CancelledError):
            await poller

    def _polled(self) -> list[Subscription]:
        return [each for each in self._own if any(each.listens_to(kind) for kind in POLLED_KINDS)]

    async def _poll(self) -> None:
        seen: int | None = None
        while True:
            with suppress(StorageError):
                version = await self._data_version()
                if seen is not None and version != seen:
                    for subscription in self._polled():
                        self._hear(subscription, _EVERYTHING)
                seen = version
            await asyncio.sleep(POLL_SECONDS)


def _message(kind: str, topics: Collection[str]) -> bytes:
    message = msgspec.json.encode(list(topics))
    return message if len(message) <= DATAGRAM_MAX else msgspec.json.encode([f"{kind}:*"])


_decode_message = msgspec.json.Decoder(list[str]).decode
