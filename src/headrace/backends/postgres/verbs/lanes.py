"""Lanes: which jobs of a queue with keys or limited tasks are next, as :mod:`headrace.backends.memory.lanes` promises.

A claim derives the lanes that were marked, takes as many ready ones as it wants jobs, in their order, locks a few jobs
of each, and merges them. So it costs what it claims and what has moved since the last, not what waits.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from headrace.backends.postgres.session import Session
from headrace.storage.lanes.layout import DerivedLane, LaneRules, ReadyLane, StaleLane
from headrace.storage.lanes.merge import LaneJob, LaneJobs, Merge, Wanted
from headrace.storage.lanes.rules import Rules, decode_rules

MARKS_MAX = 10_000
"""Marks taken in one statement: bounds the memory it takes after a bulk enqueue to very many keys."""

_decode_stale = msgspec.json.Decoder(list[StaleLane]).decode
_decode_ready = msgspec.json.Decoder(list[tuple[str, ReadyLane]]).decode


class Moment(NamedTuple):
    """The instant of a claim, and the rules it obeys. ``now_us`` and ``mono_us`` are in microseconds."""

    now: datetime
    now_us: int
    mono_us: int
    rules: Rules


async def read_moment(session: Session) -> Moment:
    """The instant, and the rules as they are committed."""
    [(now, now_us, mono_us, document)] = await session.rows("rules", session.now, session.mono)
    return Moment(now, now_us, mono_us, decode_rules(document))


class Layout(LaneRules):
    """The lanes of one queue within one claim, which nobody else is claiming from."""

    def __init__(self, session: Session, moment: Moment, queue: str) -> None:
        super().__init__(moment.rules, queue, now=moment.now_us, mono=moment.mono_us)
        self._session = session
        self._instant = moment.now
        self._given = False
        self._read: dict[str, list[LaneJob]] = {}

    async def begin(self) -> bool:
        """Read the last turn where keys take turns. False where nothing is queued, so that no key is given one."""
        if not self.fair:
            return True
        [(self.last_turn, anything)] = await self._session.rows("last_turn", self.queue)
        return bool(anything)

    async def bring_up_to_date(self) -> None:
        """Derive every lane whose jobs moved, for which a token came, or in which a job expired."""
        gives = self.fair and not self._given
        self._given = True
        taken = MARKS_MAX
        while taken == MARKS_MAX:
            values = (self.queue, self._instant, bool(self.rule.ordered), MARKS_MAX, self.mono)
            [(taken, found)] = await self._session.rows("stale_lanes", *values)
            stale = _decode_stale(found)
            if stale and gives:
                await self._give(stale)
            if stale:
                await self._session.rows("put_lanes", self.queue, *_columns(self.derive(stale)))

    async def ready(self, tasks: Sequence[str], limit: int) -> tuple[list[tuple[str, ReadyLane]], bool]:
        """The first lanes of each of these tasks ('' for those without a limit), each with its task.

        And whether there may be more. None of their heads has expired.
        """
        while True:
            [(found,)] = await self._session.rows("ready_lanes", self.queue, tasks, self._instant, limit)
            lanes = _decode_ready(found)
            gone = [lane.lane for _, lane in lanes if not lane.fresh]
            if not gone:
                return lanes, len(lanes) >= limit
            await self._session.rows("mark_lanes", self.queue, gone)
            await self.bring_up_to_date()

    async def answer(self, picking: Generator[Wanted, LaneJobs, list[int]]) -> list[int]:
        """What a merge picked, once it was told what it asked for."""
        self._read.clear()
        try:
            asked = next(picking)
            while True:
                asked = picking.send(await self._jobs(asked))
        except StopIteration as done:
            picked: list[int] = done.value
            return picked

    async def keep_turns(self, merge: Merge) -> None:
        """Keep which keys were served."""
        if self.fair:
            served = merge.served
            lanes, turns = [lane.lane for lane, _ in served], [turn for _, turn in served]
            await self._session.rows("put_turns", self.queue, lanes, turns)
            await self._session.rows("set_last_turn", self.queue, self.last_turn)

    async def _jobs(self, asked: Wanted) -> LaneJobs:
        """What was read of a lane before stays as it was, whatever others have let go of since."""
        values = (self.queue, list(asked.lanes), self._instant, asked.limit, self.step)
        for lane, *job in await self._session.rows("lane_jobs", *values):
            known = self._read.setdefault(lane, [])
            if tuple(job) not in known:
                known.append((job[0], job[1], job[2]))
        return [(lane, self._read.get(lane, [])) for lane in asked.lanes]

    async def _give(self, stale: Sequence[StaleLane]) -> None:
        before = self.last_turn
        self.give_turns(stale)
        if self.last_turn != before:
            await self._session.rows("set_last_turn", self.queue, self.last_turn)


def _columns(lanes: Sequence[DerivedLane]) -> list[list[object]]:
    rows = (
        (each.key, each.lane, bool(each.stale), each.task, each.head, each.level, each.place, each.turn, each.ready,
         each.opens_at)
        for each in lanes
    )  # fmt: skip
    return list(map(list, zip(*rows, strict=True)))
