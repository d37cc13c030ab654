# Made from headrace/client/aio/events.py by tests/client/unasync.py. Change that file, and run it again.
"""Job events, over the network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from headrace.client.blocking.sending import Sender
from headrace.client.core.request import request
from headrace.client.core.task_call import seconds_text
from headrace.wire.events import EventsRead, EventsWanted, EventView, ReadEvents

Words = str | Iterable[str]


class Events:
    """What ``client.events`` is: the journal of job events, watched and read."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def watch(
        self,
        *,
        queue: Words = (),
        task: Words = (),
        job: Words = (),
        tag: Words = (),
        kind: Words = (),
        after: int | None = None,
    ) -> Iterator[EventView]:
        """Events as they happen, for ever: those from now on, or those after a sequence that was seen before.

        When the connection breaks it comes back after the last event, and none is missed. Of several values of one
        filter any may match, but for tags: an event carries all of them. Raises EventsLost when events after ``after``
        are not kept any more: its ``last`` is what can be gone on after.
        """
        if after is None:
            # So that a connection that breaks before the first event comes back to the same place.
            after = self.read(limit=1).newest
        wanted = _wanted(queue=queue, task=task, job=job, tag=tag, kind=kind)
        asked = request("GET", "/v1/events", EventView, EventsWanted(**wanted))
        yield from self._sender.stream(asked, after)

    def read(
        self,
        *,
        queue: Words = (),
        task: Words = (),
        job: Words = (),
        tag: Words = (),
        kind: Words = (),
        after: int = 0,
        limit: int = 100,
        wait: timedelta | None = None,
    ) -> EventsRead:
        """A page of the journal, the oldest event first; with ``wait``, as soon as there is one."""
        wanted = _wanted(queue=queue, task=task, job=job, tag=tag, kind=kind)
        told = None if wait is None else seconds_text(wait)
        message = ReadEvents(**wanted, after=after, limit=limit, wait=told)
        wait_s = 0.0 if wait is None else wait.total_seconds()
        return self._sender.send(request("GET", "/v1/events/page", EventsRead, message, wait_s=wait_s))


def _wanted(**filters: Words) -> dict[str, Any]:
    return {name: value if isinstance(value, str) else ",".join(value) for name, value in filters.items()}
