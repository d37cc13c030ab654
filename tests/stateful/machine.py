"""Random verbs on a store and on the memory store as its model: every reply and every record must be the same.

What a store may choose is taken out before comparing: the text of tokens, and the order of what upkeep answers.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from datetime import timedelta
from functools import partial
from itertools import cycle
from typing import Any, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from headrace.backends.memory import MemoryBackend
from headrace.model.event import EventKind, EventPage, EventRetention, JobEvent
from headrace.model.ids import JobId
from headrace.model.job import Attempt, JobState, LogLine, NewJob, Progress
from headrace.model.lease import Lease
from headrace.model.limits import Limit, LimitScope, LimitTarget
from headrace.model.outcome import Finish, Outcome, Released
from headrace.model.page import JobQuery
from headrace.model.queue import QueueSettings, Retention
from headrace.model.usage import UNKNOWN, Usage
from headrace.storage.backend import Backend
from headrace.storage.clock import Clock
from headrace.storage.jobs import ClaimRequest, Report
from headrace.testing.clock import FrozenClock
from tests.stateful.strategies import (
    QUEUES,
    SECOND,
    SOLO,
    Draft,
    drafts,
    edit,
    edits,
    limits,
    numbered_id,
    offsets,
    plain_outcomes,
    queue_names,
    rarely,
    spans,
    targets,
    waiting,
    waits,
)

T = TypeVar("T")
MakeBackend = Callable[[Clock], AbstractContextManager[Backend]]
Pair = tuple[Lease, Lease]

ALL = 1_000
"""Upkeep takes all there is: which jobs go first in a bounded round is a store's own choice."""

choices = st.lists(st.integers(0, 9), min_size=1, max_size=4)
"""Places in a list, counted from its end, so that what is recent is chosen often."""

USAGES = (Usage(cpu_s=0.25, peak_rss_bytes=1 << 20), UNKNOWN, Usage(cpu_s=1.5))

FOR_EVER = timedelta(days=3_650)
RETENTION = Retention(succeeded=60 * SECOND, cancelled=120 * SECOND, expired=30 * SECOND, dead=600 * SECOND)


async def histories(backend: Backend, *, job_id: JobId) -> tuple[list[Attempt], list[LogLine]]:
    """What a job leaves behind beside its record."""
    return await backend.reader.attempts(job_id), await backend.reader.logs(job_id)


def stories(page: EventPage) -> dict[JobId, list[JobEvent]]:
    """The events of each job, in order; how those of several jobs of one call lie between each other is open.

    So is whether a job that one batch brings and replaces is told of as it was, or as it is at the end.
    """
    found: dict[JobId, list[JobEvent]] = {}
    for event in page.events:
        story = found.setdefault(event.job_id, [])
        if event.kind is EventKind.ENQUEUED:
            event = replace(event, queue="", state=JobState.QUEUED, tags=())
        elif event.kind in (EventKind.QUEUED, EventKind.SCHEDULED) and story[-1].kind is EventKind.ENQUEUED:
            continue
        story.append(replace(event, sequence=0))
    return found


def anonymous(lease: Lease | None) -> Lease | None:
    """The lease without its token."""
    return None if lease is None else replace(lease, token="")


class StoreMachine(RuleBasedStateMachine):
    """Subclass with ``make``: it gives a context in which there is a fresh backend, not yet open."""

    make: ClassVar[MakeBackend]

    def __init__(self) -> None:
        super().__init__()
        self.clock = FrozenClock()
        self.made = 0
        self.known: list[JobId] = []
        self.leases: list[Pair] = []
        self.stack = ExitStack()
        self.runner = self.stack.enter_context(asyncio.Runner())
        self.subject = self.stack.enter_context(type(self).make(self.clock))
        self.model: Backend = MemoryBackend(clock=self.clock)
        for backend in (self.subject, self.model):
            self.runner.run(backend.open())
            if self.subject.capabilities.events:
                self.run(backend.events.enable(EventRetention()))

    def teardown(self) -> None:
        for backend in (self.subject, self.model):
            self.runner.run(backend.close())
        self.stack.close()

    def run(self, call: Awaitable[T]) -> T:
        """Wait for one call on the machine's own loop."""

        async def wait() -> T:
            return await call

        return self.runner.run(wait())

    def agree(self, verb: Callable[[Backend], Awaitable[Any]], tidy: Callable[[Any], Any] = lambda reply: reply) -> Any:
        """Run the verb on both, compare what they answered once it is tidied, and give the model's answer."""
        got, expected = self.run(verb(self.subject)), self.run(verb(self.model))
        assert tidy(got) == tidy(expected), (tidy(got), tidy(expected))
        return expected

    def agree_under_leases(
        self, pairs: Sequence[Pair], verb: Callable[[Backend, list[Lease]], Awaitable[list[T]]]
    ) -> tuple[list[T], list[T]]:
        """Run a verb that needs leases, each store under its own."""
        got = self.run(verb(self.subject, [pair[0] for pair in pairs]))
        expected = self.run(verb(self.model, [pair[1] for pair in pairs]))
        return got, expected

    def some_ids(self, places: list[int], *, leased: bool = False) -> list[JobId]:
        """Known jobs, deleted ones among them, or those last ``leased``; one that never was for a place too far."""
        if leased and self.leases:
            return [pair[0].job_id for pair in self.some_leases(places)]
        return [self.known[-1 - place] if place < len(self.known) else numbered_id(1 << 40) for place in places]

    def some_leases(self, places: list[int]) -> list[Pair]:
        """Leases ever given: current ones, and stale ones, which lie in front."""
        return [self.leases[-1 - place % len(self.leases)] for place in places]

    @initialize(batch=st.lists(drafts, min_size=4, max_size=8))
    def begin_with_some_jobs(self, batch: list[Draft]) -> None:
        self.enqueue(batch)

    @rule(batch=st.lists(drafts, min_size=1, max_size=4))
    def enqueue(self, batch: list[Draft]) -> None:
        jobs = [draft.job(self.next_id(), self.clock.now()) for draft in batch]
        self.enqueue_both(jobs)

    @precondition(lambda self: self.known)
    @rule(batch=st.lists(drafts, min_size=2, max_size=3), places=choices)
    def enqueue_with_ids_used_before(self, batch: list[Draft], places: list[int]) -> None:
        used = self.some_ids(places)
        ids = [used[n % len(used)] if n % 2 == 0 else self.next_id() for n in range(len(batch))]
        self.enqueue_both([draft.job(each, self.clock.now()) for draft, each in zip(batch, ids, strict=True)])

    def enqueue_both(self, jobs: list[NewJob]) -> None:
        self.agree(lambda backend: backend.jobs.enqueue_many(jobs))
        self.known += [each.id for each in jobs if each.id not in self.known]

    def next_id(self) -> JobId:
        self.made += 1
        return numbered_id(self.made)

    @rule(
        demand=st.dictionaries(queue_names, st.sampled_from([4, 2, 1, 0]), min_size=1),
        lease=st.sampled_from([1, 30]),
        worker=st.sampled_from(["w-1", "w-2"]),
    )
    def claim(self, demand: dict[str, int], lease: int, worker: str) -> None:
        self.claim_both(demand, lease, worker)

    @rule(count=st.integers(1, 4), outcomes=st.lists(plain_outcomes, min_size=4, max_size=4))
    def work(self, count: int, outcomes: list[Outcome]) -> None:
        """Claim and finish at once, so that most runs have jobs in every state."""
        self.claim_both(dict.fromkeys(QUEUES, count), 30, "w-1")
        self.finish_both(self.leases[-count:], outcomes)

    @rule(count=st.integers(1, 3), wait=waits)
    def wake_jobs_that_then_wait(self, count: int, wait: tuple[int, timedelta | None]) -> None:
        """The race that loses wake-ups where a store forgets to look at the counter."""
        self.claim_both(dict.fromkeys(QUEUES, count), 30, "w-1")
        pairs = self.leases[-count:]
        ids = [pair[0].job_id for pair in pairs]
        self.agree(lambda backend: backend.jobs.wake_many(ids))
        self.finish_both(pairs, [waiting(wait, self.clock.now())] * count)

    @rule(count=st.integers(1, 3), outcomes=st.lists(plain_outcomes, min_size=3, max_size=3))
    def finish_late(self, count: int, outcomes: list[Outcome]) -> None:
        """The race that an attempt number as token loses: given back, claimed again, finished by the first worker."""
        self.claim_both(dict.fromkeys(QUEUES, count), 30, "w-1")
        pairs = self.leases[-count:]
        self.finish_both(pairs, [Released()] * count)
        self.claim_both(dict.fromkeys(QUEUES, count), 30, "w-2")
        self.finish_both(pairs, outcomes)

    def claim_both(self, demand: dict[str, int], lease: int, worker: str) -> None:
        request = ClaimRequest(worker=worker, demand=demand, lease_for=lease * SECOND)
        got, expected = self.run(self.subject.jobs.claim(request)), self.run(self.model.jobs.claim(request))
        for queue in QUEUES:
            ours, theirs = ([each for each in claims if each.job.queue == queue] for claims in (got, expected))
            assert [(each.job, anonymous(each.lease)) for each in ours] == [
                (each.job, anonymous(each.lease)) for each in theirs
            ]
        by_id = {each.job.id: each.lease for each in got}
        self.leases += [(by_id[each.job.id], each.lease) for each in expected]

    @precondition(lambda self: self.leases)
    @rule(places=choices, outcomes=st.lists(plain_outcomes, min_size=4, max_size=4))
    def finish(self, places: list[int], outcomes: list[Outcome]) -> None:
        self.finish_both(self.some_leases(places), outcomes)

    @precondition(lambda self: self.leases)
    @rule(places=choices, wait=waits)
    def finish_waiting(self, places: list[int], wait: tuple[int, timedelta | None]) -> None:
        self.finish_both(self.some_leases(places), [waiting(wait, self.clock.now())] * 4)

    def finish_both(self, pairs: list[Pair], outcomes: list[Outcome]) -> None:
        got, expected = self.agree_under_leases(
            pairs,
            lambda backend, leases: backend.jobs.finish_many(
                [
                    Finish(lease=lease, outcome=outcome, usage=usage)
                    for lease, outcome, usage in zip(leases, outcomes, cycle(USAGES), strict=False)
                ]
            ),
        )
        assert got == expected
        # What was used goes to the front, so that places, counted from the end, fall on current leases and stale ones.
        self.leases.sort(key=lambda pair: pair not in pairs)

    @precondition(lambda self: self.leases)
    @rule(places=choices, extend=spans)
    def heartbeat(self, places: list[int], extend: timedelta) -> None:
        got, expected = self.agree_under_leases(
            self.some_leases(places), lambda backend, leases: backend.jobs.heartbeat(leases, extend=extend)
        )
        assert [(anonymous(each.lease), each.cancel_reason) for each in got] == [
            (anonymous(each.lease), each.cancel_reason) for each in expected
        ]

    @precondition(lambda self: self.leases)
    @rule(places=choices, done=st.none() | st.integers(0, 3), lines=st.integers(0, 2))
    def report(self, places: list[int], done: int | None, lines: int) -> None:
        progress = None if done is None else Progress(done=done, total=3, note="ł")
        line = LogLine(at=self.clock.now(), level="info", message="hello", attempt=1)
        got, expected = self.agree_under_leases(
            self.some_leases(places),
            lambda backend, leases: backend.jobs.report_many(
                [Report(lease=lease, progress=progress, logs=(line,) * lines) for lease in leases]
            ),
        )
        assert got == expected

    @rule(places=choices, leased=st.booleans(), reason=st.sampled_from(["first", "second"]))
    def cancel(self, places: list[int], leased: bool, reason: str) -> None:
        ids = self.some_ids(places, leased=leased)
        self.agree(lambda backend: backend.jobs.cancel_many(ids, reason=reason))

    @rule(places=choices, values=st.none() | edits)
    def retry(self, places: list[int], values: dict[str, Any] | None) -> None:
        ids = self.some_ids(places)
        changes = [] if values is None else [edit(each, values, self.clock.now()) for each in dict.fromkeys(ids)]
        self.agree(lambda backend: backend.jobs.retry_many(ids, edits=changes))

    @rule(places=choices)
    def discard(self, places: list[int]) -> None:
        ids = self.some_ids(places)
        self.agree(lambda backend: backend.jobs.discard_many(ids, reason="known"))

    @rule(places=choices, leased=st.booleans())
    def wake(self, places: list[int], leased: bool) -> None:
        ids = self.some_ids(places, leased=leased)
        self.agree(lambda backend: backend.jobs.wake_many(ids))

    @rule(places=choices, values=edits)
    def edit(self, places: list[int], values: dict[str, Any]) -> None:
        changes = [edit(each, values, self.clock.now()) for each in self.some_ids(places)]
        self.agree(lambda backend: backend.jobs.edit_many(changes))

    @rule(places=choices)
    def delete(self, places: list[int]) -> None:
        ids = self.some_ids(places[:1])
        self.agree(lambda backend: backend.jobs.delete_many(ids))

    def comparable(self, retention: Retention) -> Retention:
        """The retention, with jobs that succeeded kept for ever where the store drops those by the day."""
        slack = self.subject.capabilities.retention_slack
        return replace(retention, succeeded=FOR_EVER) if slack else retention

    @rule(duty=st.sampled_from(["promote", "rescue", "expire", "prune", "promote", "rescue"]))
    def keep_up(self, duty: str) -> None:
        match duty:
            case "promote":
                # When to look for tokens again a store may estimate, and rather too early than too late.
                self.agree(lambda backend: backend.jobs.promote(limit=ALL), lambda reply: reply.count)
            case "rescue":
                self.agree(
                    lambda backend: backend.jobs.rescue(limit=ALL, quarantine_after=2),
                    lambda reply: sorted(reply, key=lambda each: each.id),
                )
            case "expire":
                self.agree(
                    lambda backend: backend.jobs.expire(limit=ALL),
                    lambda reply: (sorted(reply.ids), reply.next_expiry),
                )
            case _:
                self.agree(lambda backend: backend.jobs.prune(self.comparable(RETENTION), limit=ALL))

    @rule(
        queue=queue_names,
        paused=st.sampled_from([False, False, True]),
        keep=st.none() | spans,
        fair=st.booleans(),
        ordered=st.booleans(),
        ageing=rarely(SECOND, 60 * SECOND),
    )
    def configure(
        self, queue: str, paused: bool, keep: timedelta | None, fair: bool, ordered: bool, ageing: timedelta | None
    ) -> None:
        retention = None if keep is None else self.comparable(Retention(succeeded=keep, dead=keep))
        settings = QueueSettings(
            name=queue, paused=paused, retention=retention, fair=fair, ordered=ordered, ageing=ageing
        )
        self.agree(lambda backend: backend.queues.configure_many([settings]))

    @rule(given=st.lists(limits, min_size=1, max_size=3))
    def limit(self, given: list[Limit]) -> None:
        self.agree(lambda backend: backend.limits.set_many(given))

    @rule(given=st.lists(targets, min_size=1, max_size=3))
    def remove_limits(self, given: list[LimitTarget]) -> None:
        self.agree(lambda backend: backend.limits.remove_many(given))

    @rule(step=spans)
    def let_time_pass(self, step: timedelta) -> None:
        self.clock.advance(step + timedelta(milliseconds=1))

    @rule(step=offsets)
    def step_the_wall_clock(self, step: timedelta) -> None:
        self.clock.set_wall(self.clock.now() + step)

    @invariant()
    def every_record_is_the_same(self) -> None:
        self.agree(lambda backend: backend.reader.get_many(self.known))
        for job_id in self.known:
            self.agree(partial(histories, job_id=job_id))

    @invariant()
    def no_two_live_jobs_hold_one_key(self) -> None:
        jobs = self.run(self.subject.reader.get_many(sorted(set(self.known))))
        holders = Counter(
            each.task for each in jobs if each is not None and each.unique_key == SOLO and not each.state.final
        )
        assert max(holders.values(), default=0) <= 1

    @invariant()
    def every_group_of_errors_is_the_same(self) -> None:
        self.agree(lambda backend: backend.reader.error_groups(JobQuery()))

    @invariant()
    def every_figure_is_the_same(self) -> None:
        self.agree(
            lambda backend: backend.reader.counts(),
            lambda reply: sorted((each.queue, each.state, each.count) for each in reply),
        )
        self.agree(lambda backend: backend.reader.oldest_queued())
        self.agree(lambda backend: backend.queues.all())
        self.agree(
            lambda backend: backend.reader.rates(window=timedelta(days=1)),
            lambda reply: sorted(reply, key=lambda each: each.queue),
        )

    @invariant()
    def every_limit_stands_the_same(self) -> None:
        found = self.agree(lambda backend: backend.limits.all())
        used = [each.target for each in found] + [LimitTarget(LimitScope.KEY, queue, "k1") for queue in QUEUES]
        self.agree(lambda backend: backend.limits.usage(used))
        self.agree(lambda backend: backend.reader.blocking(self.known))

    @invariant()
    def every_journal_is_the_same(self) -> None:
        if self.subject.capabilities.events:
            self.agree(lambda backend: backend.events.read(after=0, limit=ALL), stories)

    @invariant()
    def every_list_is_the_same(self) -> None:
        self.agree(
            lambda backend: backend.reader.find(JobQuery(), limit=ALL),
            lambda page: [each.id for each in page.items],
        )
