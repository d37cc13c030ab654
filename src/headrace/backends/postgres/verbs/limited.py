"""Claiming from queues that limits hold back, or that have an order of their own.

Such claims follow one another, queue by queue, so that what one counts stays true until it has committed; see
``await_turn`` in the schema. Nothing else waits: who enqueues or finishes appends marks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from headrace.backends.postgres.session import Row, Session
from headrace.backends.postgres.verbs.gates import open_gates, store_buckets
from headrace.backends.postgres.verbs.lanes import Layout, Moment, read_moment
from headrace.storage.jobs import ClaimRequest
from headrace.storage.lanes.gates import Gate
from headrace.storage.lanes.merge import Merge
from headrace.storage.signals import DUE, topic

_decode_opening = msgspec.json.Decoder(tuple[bool, int | None] | None).decode


class Taken(NamedTuple):
    """The jobs of some queues, in their order; the queues newly known to wait for room; how many jobs of each.

    Who made room before it was committed that a queue waits knew of nobody to call: so it is to be asked again.
    """

    rows: list[Row]
    starved: list[str]
    counts: dict[str, int]


async def claim_in_turn(session: Session, request: ClaimRequest, queues: Sequence[str], token: str) -> Taken:
    """Take jobs of these queues, no more than limits leave room for. In a transaction."""
    await session.rows("await_turn", queues)
    moment = await read_moment(session)
    taken = Taken([], [], {})
    for queue in queues:
        # A queue that lost its layout since is left to the next claim.
        if queue not in moment.rules.paused and not moment.rules.free(queue):
            claiming = _Claiming(session, moment, request, queue, token)
            rows = await claiming.take(request.demand[queue])
            taken.rows.extend(rows)
            taken.counts[queue] = len(rows)
            if claiming.starved:
                taken.starved.append(queue)
    return taken


class _Claiming:
    """One claim from one queue."""

    def __init__(self, session: Session, moment: Moment, request: ClaimRequest, queue: str, token: str) -> None:
        self._session = session
        self._moment = moment
        self._request = request
        self._queue = queue
        self._token = token
        self._met: list[Gate] = []
        self.starved = False

    async def take(self, wanted: int) -> list[Row]:
        """Up to ``wanted`` jobs, in the queue's order."""
        shared, tasks = await open_gates(self._session, self._moment, self._queue)
        self._met = [*shared, *tasks.values()]
        left = min([wanted, *(gate.free for gate in shared)])
        rows: list[Row] = []
        if left and self._moment.rules.laned(self._queue):
            rows = await self._take_from_lanes(left, tasks)
        elif left:
            found = await self._session.rows("pick_queued", self._queue, left, self._moment.now)
            rows = await self._mark([seq for (seq,) in found])
        for gate in shared:
            gate.take(len(rows))
        await store_buckets(self._session, [*shared, *tasks.values()])
        if len(rows) < wanted:
            await self._note_opening()
        return rows

    async def _take_from_lanes(self, left: int, tasks: dict[str, Gate]) -> list[Row]:
        layout = Layout(self._session, self._moment, self._queue)
        rows: list[Row] = []
        more = await layout.begin()
        while more and left:
            await layout.bring_up_to_date()
            lanes, more = await layout.ready(["", *(task for task, gate in tasks.items() if gate.free)], left)
            merge = Merge(layout, heads_known=False)
            seqs = await layout.answer(merge.pick([(lane, tasks.get(task)) for task, lane in lanes], left))
            if not seqs:
                break
            rows += await self._mark(seqs)
            await layout.keep_turns(merge)
            await store_buckets(self._session, merge.gates)
            self._met += merge.gates
            left -= len(seqs)
        return rows

    async def _mark(self, seqs: Sequence[int]) -> list[Row]:
        """Make jobs running: a second look at lanes must not see them queued."""
        if not seqs:
            return []
        session, request = self._session, self._request
        rows = await session.rows(
            "claim_chosen", session.now, session.mono, list(seqs), self._token, request.worker, request.lease_for
        )
        place = {seq: number for number, seq in enumerate(seqs)}
        return sorted(rows, key=lambda row: place[row[0]])

    async def _note_opening(self) -> None:
        """Have the claim tried again when there is room; when a token comes, if it was a rate that left it short."""
        session, queue, rules = self._session, self._queue, self._moment.rules
        [(anything, lane_opens_at, noted)] = await session.rows("left_behind", queue)
        opening = None if noted is None else _decode_opening(noted)
        if not anything:
            if opening is not None:
                await session.rows("forget_opening", queue)
            return
        first = _first([lane_opens_at, *(gate.opens_at for gate in self._met)])
        wide = rules.store_limit is not None or bool(rules.tasks)
        if opening != (wide, first):
            await session.rows("put_opening", queue, wide, first)
        self.starved = opening is None
        if first is not None:
            session.announce([topic(DUE, queue)])


def _first(instants: Iterable[int | None]) -> int | None:
    return min((instant for instant in instants if instant is not None), default=None)
