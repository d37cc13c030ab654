"""Hints between processes. Signals may be lost, doubled or late; only latency depends on them (promise 9).

The verbs of a store publish by themselves what they changed: nobody has to announce an enqueue or a finish.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from headrace.model.job import JobState

WORK = "work"
"""``work:QUEUE``: jobs of that queue may be claimable."""

DUE = "due"
"""``due:QUEUE``: a scheduled job was stored, so the next due instant may have moved."""

EXPIRY = "expiry"
"""``expiry:QUEUE``: a job that expires came to wait there, so the next expiry may be sooner."""

DONE = "done"
"""``done:JOB_ID``: that job has ended."""

CANCEL = "cancel"
"""``cancel:JOB_ID``: the cancellation of that running job was requested."""

EVENT = "event"
"""``event:*``: the journal of job events may hold more. Always with the star: nobody waits for a single one."""

SCHEDULE = "schedule"
"""``schedule:NAME``: that schedule was made, changed or deleted."""

ORDER = "order"
"""``order:WORKER``: somebody has told that worker to be quiet, to stop or to work."""


def topic(kind: str, name: str) -> str:
    """Write a topic.

    >>> topic(WORK, "mail")
    'work:mail'
    """
    return f"{kind}:{name}"


def arrival(job_id: str, queue: str, state: JobState) -> tuple[str, str]:
    """Kind and name of the signal that tells of a job which came into a state other than ``running``.

    >>> arrival("7", "mail", JobState.QUEUED)
    ('work', 'mail')
    """
    if state is JobState.QUEUED:
        return WORK, queue
    return (DONE, job_id) if state.final else (DUE, queue)


class SignalBus(Protocol):
    """Publish and subscribe, within a process always, between processes where the store can."""

    async def publish(self, topics: Iterable[str]) -> None:
        """Tell subscribers of these topics. Never raises, never waits for a subscriber."""
        ...

    def subscribe(self, kinds: Collection[str]) -> AbstractAsyncContextManager[AsyncIterator[str]]:
        """All topics of these kinds from now on. ``KIND:*`` stands for any name: look at everything of that kind.

        A subscriber that does not keep up sees fewer, merged topics, never an unbounded backlog.
        """
        ...
