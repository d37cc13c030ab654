# Made from headrace/client/aio/queues.py by tests/client/unasync.py. Change that file, and run it again.
"""Queues, over the network."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from msgspec import UNSET, Struct

from headrace.client.blocking.sending import Sender
from headrace.client.core.request import request
from headrace.client.core.task_call import plain_option, seconds_text
from headrace.model.job import JobState
from headrace.wire.base import Listed
from headrace.wire.operations import OperationView
from headrace.wire.queues import ConfigureQueue, Drained, DrainQueue, PauseQueue, PurgeQueue, QueueNamed, QueueView

if TYPE_CHECKING:
    from headrace.app.limiting import QueueOptions

R = TypeVar("R")

_DRAIN_SLICE = timedelta(seconds=20)


class Queues:
    """What can be asked of queues. The client has these methods."""

    _sender: Sender

    def queues(self) -> list[QueueView]:
        """Every queue: its jobs by state, its pace, its settings and limits."""
        return list(self._sender.send(request("GET", "/v1/queues", Listed[QueueView])).items)

    def queue(self, name: str) -> QueueView:
        """One queue. Raises UsageError where no job and no setting has named it."""
        return self._sender.send(request("GET", "/v1/queues/{queue}", QueueView, queue=name))

    def pause(self, queue: str, *, reason: str = "") -> QueueView:
        """Let no job of the queue begin until ``resume``; running ones go on, and jobs can still be enqueued."""
        return self._ask("pause", queue, QueueView, PauseQueue(queue=queue, reason=reason))

    def resume(self, queue: str) -> QueueView:
        """Let the jobs of a paused queue begin again."""
        return self._ask("resume", queue, QueueView, QueueNamed(queue=queue))

    def configure_queue(self, queue: str, **options: Unpack[QueueOptions]) -> QueueView:
        """Change limits and order of a queue, from the next claim on; what is not given stays."""
        message = ConfigureQueue(queue=queue, **{name: plain_option(value) for name, value in options.items()})
        return self._sender.send(request("PATCH", "/v1/queues/{queue}", QueueView, message, queue=queue))

    def drain(self, queue: str, *, timeout: float | timedelta | None = None) -> dict[JobState, int]:
        """Wait until no job of the queue is queued or running, and answer how many are in each other state.

        Raises the builtin TimeoutError after ``timeout`` (seconds, or a timedelta), with what is left.
        """
        limit = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
        end = None if limit is None else self._sender.clock() + limit
        while True:
            wait = _DRAIN_SLICE
            if end is not None:
                wait = min(wait, timedelta(seconds=max(0.0, end - self._sender.clock())))
            message = DrainQueue(queue=queue, wait=seconds_text(wait))
            found = self._ask("drain", queue, Drained, message, wait_s=wait.total_seconds())
            if found.empty:
                return found.counts
            if end is not None and self._sender.clock() >= end:
                left = ", ".join(f"{count} {state}" for state, count in found.counts.items() if count)
                raise TimeoutError(f"queue {queue!r} is not empty within {limit:g} s: {left}")

    def purge(self, queue: str, *, states: Iterable[JobState | str] | None = None) -> OperationView:
        """Begin to delete the queue's jobs in these states (default: those that wait), as an operation."""
        chosen: Any = UNSET if states is None else [JobState(state) for state in states]
        message = PurgeQueue(queue=queue) if chosen is UNSET else PurgeQueue(queue=queue, states=chosen)
        return self._ask("purge", queue, OperationView, message, safe=False)

    def _ask(
        self, verb: str, queue: str, reply: type[R], message: Struct, *, safe: bool = True, wait_s: float = 0.0
    ) -> R:
        path = f"/v1/queues/{{queue}}/{verb}"
        return self._sender.send(request("POST", path, reply, message, safe=safe, wait_s=wait_s, queue=queue))
