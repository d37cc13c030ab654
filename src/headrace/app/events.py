"""``app.events``: the journal of job events, switched, read and watched."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from headrace.engine.tail import follow, read_or_wait
from headrace.errors import ConfigError, EventsLost, UsageError
from headrace.model.durations import ZERO
from headrace.model.event import SEQUENCE_MAX, EventFilter, EventKind, EventPage, EventRetention, JobEvent
from headrace.storage.events import EventLogStatus

if TYPE_CHECKING:
    from headrace.app.desk import JobDesk

EVENTS_LIMIT_DEFAULT = 100


class Events:
    """The journal of one store: each change of a job's state, in the order of commits. Off until it is enabled.

    >>> import asyncio
    >>> from headrace.app import Headrace
    >>> app = Headrace("memory://")
    >>> @app.task(name="greet")
    ... def greet(name: str) -> None: ...
    >>> async def main() -> None:
    ...     async with app:
    ...         await app.events.enable()
    ...         await greet.enqueue("Ada")
    ...         async for event in app.events.watch(task="greet", after=0):
    ...             print(event.sequence, event.kind, event.state)
    ...             break
    >>> asyncio.run(main())
    1 job.enqueued queued
    """

    def __init__(self, desk: JobDesk) -> None:
        self._desk = desk

    async def enable(self, *, keep: timedelta | None = None, keep_max: int | None = None) -> EventRetention:
        """Have the store write events from now on, whichever process changes jobs; answers how long it keeps them.

        That is one hour, and half a million at most. Of a journal that is on, what is not given stays as it is.
        Raises Unsupported for a store without a journal, and ConfigError for a figure that cannot be.
        """
        before = (await self.status()).retention
        changes: dict[str, object] = {}
        if keep is not None:
            changes["keep"] = keep
        if keep_max is not None:
            changes["keep_max"] = keep_max
        after = replace(before or EventRetention(), **changes)
        if after != before:
            await self._desk.backend.events.enable(after)
        return after

    async def disable(self) -> None:
        """Have no more events written. Those that are there can be read until their time is over."""
        await self._desk.backend.events.disable()

    async def status(self) -> EventLogStatus:
        """Whether the journal is on, how long it keeps events, and the first and last sequence it holds."""
        return await self._desk.backend.events.status()

    async def newest(self) -> int:
        """The sequence of the last event: what to begin after in order to see all that comes."""
        return (await self.status()).newest

    async def read(self, *, after: int = 0, limit: int = EVENTS_LIMIT_DEFAULT, wait: timedelta = ZERO) -> EventPage:
        """Up to ``limit`` events (1,000 at most) after a sequence, oldest first; with ``wait``, the first to come.

        ``page.lost`` tells that events after ``after`` are not kept any more. ``page.last`` is where to go on.
        """
        return await read_or_wait(self._desk.backend, check_after(after), limit, wait)

    async def begin(self, after: int | None) -> int:
        """Where watching begins: after a sequence, or after the newest. Raises UsageError where the journal is off."""
        status = await self.status()
        if status.retention is None:
            message = "the journal of job events is off: await app.events.enable(), or: headrace event enable"
            raise UsageError(message)
        return status.newest if after is None else check_after(after)

    async def watch(
        self,
        *,
        queue: str | Iterable[str] = (),
        task: str | Iterable[str] = (),
        job: str | Iterable[str] = (),
        tag: str | Iterable[str] = (),
        kind: str | Iterable[str] = (),
        after: int | None = None,
    ) -> AsyncGenerator[JobEvent, None]:
        """Events as they happen, for ever: those from now on, or those after a sequence that was seen before.

        Of several values of one filter any may match, but for tags: an event carries all of them. Ends when the app is
        closed. Raises UsageError where the journal is off, and EventsLost when events after ``after`` are not kept any
        more: its ``last`` is what can be gone on after.
        """
        wanted = event_filter(queue=queue, task=task, job=job, tag=tag, kind=kind)
        begin = await self.begin(after)
        async with aclosing(follow(self._desk.backend, begin)) as pages:
            async for page in pages:
                if page.lost:
                    raise lost_error(page)
                for event in page.events:
                    if wanted.matches(event):
                        yield event


def lost_error(page: EventPage) -> EventsLost:
    """The error for a page that does not follow on what was read before."""
    last = max(page.oldest - 1, 0)  # of another journal everything is new to the reader
    return EventsLost(
        f"the events after {page.after} are not kept any more; the journal holds {page.oldest} to {page.newest}. "
        f"Go on after {last}, or keep more: app.events.enable(keep=...)",
        last=last,
    )


def check_after(after: int) -> int:
    """Raise ConfigError unless ``after`` can be a sequence."""
    if type(after) is not int or not 0 <= after <= SEQUENCE_MAX:
        message = f"after is the sequence of an event, 0 for the beginning and 2**63 - 1 at most; got {after!r}"
        raise ConfigError(message)
    return after


def event_filter(
    *,
    queue: str | Iterable[str] = (),
    task: str | Iterable[str] = (),
    job: str | Iterable[str] = (),
    tag: str | Iterable[str] = (),
    kind: str | Iterable[str] = (),
) -> EventFilter:
    """A filter of words, each one or several. A kind may leave out ``job.``. Raises ConfigError for no such kind.

    >>> event_filter(kind=["dead", "job.retrying"], queue="mail").kinds
    (<EventKind.DEAD: 'job.dead'>, <EventKind.RETRYING: 'job.retrying'>)
    """
    return EventFilter(
        kinds=tuple(map(_kind, _one_or_several(kind))),
        queues=_one_or_several(queue),
        tasks=_one_or_several(task),
        jobs=_one_or_several(job),
        tags=_one_or_several(tag),
    )


def _one_or_several(given: str | Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _kind(word: str) -> EventKind:
    try:
        return EventKind(word if word.startswith("job.") else f"job.{word}")
    except ValueError:
        known = ", ".join(each.value.removeprefix("job.") for each in EventKind)
        message = f"{word!r} is no kind of event; there are: {known}"
        raise ConfigError(message) from None
