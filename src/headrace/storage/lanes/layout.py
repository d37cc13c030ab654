"""The lanes of one queue within one claim: what is decided about them, once their facts have been read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from headrace.model.limits import LimitScope, LimitTarget, Pace
from headrace.storage.lanes.gates import Gate, pace_of
from headrace.storage.lanes.rules import Rules, make_rate


class StaleLane(Struct, array_like=True, gc=False):
    """A lane to be derived; the order of fields is that of the stores' ``stale_lanes.sql``.

    ``first`` is its first queued job, ``head`` the first that has not expired or, of an ordered key, that has not
    ended; ``own`` and what follows are the limit that the key has for itself, and when its bucket is full.
    """

    key: str
    lane: str
    strict: int
    turn: int | None
    first: int | None
    head: int | None
    running: int
    priority: int | None
    run_at: int | None
    task: str | None
    state: str | None
    expires_at: int | None
    own: int
    concurrency: int | None
    count: int | None
    per: int | None
    burst: int | None
    full_at: int | None


class ReadyLane(Struct, array_like=True, gc=False):
    """A lane whose head may begin; the order of fields is that of the stores' ``ready_lanes.sql``."""

    key: str
    lane: str
    turn: int | None
    head: int
    level: int
    place: int
    running: int
    fresh: int
    own: int
    concurrency: int | None
    count: int | None
    per: int | None
    burst: int | None
    full_at: int | None


class DerivedLane(Struct, array_like=True, gc=False):
    """A lane as it is kept. ``stale``: 1, to be derived anew; 2, at each claim, since a job in it has expired."""

    queue: str
    key: str
    lane: str
    stale: int
    task: str
    head: int | None
    level: int | None
    place: int | None
    turn: int | None
    ready: bool
    opens_at: int | None


class LaneRules:
    """What the rules say of a queue's lanes, at one instant. ``last_turn`` is the newest that a key was given."""

    def __init__(self, rules: Rules, queue: str, *, now: int, mono: int) -> None:
        self.queue = queue
        self.now, self.mono = now, mono
        self.rule = rules.of(queue)
        self.step = rules.step(queue)
        self.fair = bool(self.rule.fair)
        self.aged = self.rule.ageing is not None
        self.last_turn = 0
        self._tasks = rules.tasks
        limit = rules.keys_limit(queue)
        self._concurrency = None if limit is None else limit.concurrency
        self._pace = None if limit is None else pace_of(limit.rate)

    def gate(self, lane: ReadyLane) -> Gate:
        """What the lane's key leaves room for."""
        target = LimitTarget(LimitScope.KEY, self.queue, lane.key)
        concurrency, pace = self._limit(lane)
        room = None if concurrency is None else concurrency - lane.running
        return Gate(target, pace, room, lane.full_at or 0, self.mono)

    def strict(self, lane: ReadyLane) -> bool:
        """Whether the lane is an ordered key: its head goes, and nothing else."""
        return bool(self.rule.ordered and lane.key)

    def give_turns(self, stale: Iterable[StaleLane]) -> None:
        """Keys that come get the next turns, in the order of their first jobs; those without jobs lose theirs.

        Once in a claim: what it takes itself costs no key its turn.
        """
        lanes = list(stale)
        firsts: dict[str, int] = {}
        for lane in lanes:
            if lane.first is not None and lane.turn is None:
                firsts[lane.key] = min(lane.first, firsts.get(lane.key, lane.first))
        order = sorted(firsts, key=lambda key: firsts[key])
        turns = {key: self.last_turn + n for n, key in enumerate(order, start=1)}
        self.last_turn += len(turns)
        for lane in lanes:
            lane.turn = None if lane.first is None else turns.get(lane.key, lane.turn)

    def derive(self, stale: Sequence[StaleLane]) -> list[DerivedLane]:
        """The lanes anew, from what was read of them."""
        return [self._derived(lane) for lane in stale]

    def _limit(self, lane: StaleLane | ReadyLane) -> tuple[int | None, Pace | None]:
        """The concurrency and the pace of a lane's key: its own, or those of each key."""
        if not lane.key:
            return None, None
        if lane.own:
            return lane.concurrency, pace_of(make_rate(lane.count, lane.per, lane.burst))
        return self._concurrency, self._pace

    def _derived(self, lane: StaleLane) -> DerivedLane:
        concurrency, pace = self._limit(lane)
        room = None if concurrency is None else concurrency - lane.running
        claimable, expired = self._claimable(lane)
        level, place = self._order(lane) if claimable else (None, None)
        ready = claimable and (room is None or room > 0)
        opens_at = None
        if ready and pace is not None and lane.full_at is not None:
            full_at = pace.adopt(lane.full_at, self.mono)
            if not pace.available(full_at, self.mono):
                ready, opens_at = False, pace.next_at(full_at, self.mono)
        loses_turn = lane.first is None and lane.turn is not None  # at the next claim
        return DerivedLane(
            queue=self.queue,
            key=lane.key,
            lane=lane.lane,
            stale=2 if expired or loses_turn else 0,
            task=lane.task if lane.task is not None and lane.task in self._tasks else "",
            head=lane.head,
            level=level,
            place=place,
            turn=lane.turn,
            ready=ready,
            opens_at=opens_at,
        )

    def _claimable(self, lane: StaleLane) -> tuple[bool, bool]:
        """Whether the lane's head may begin as far as its order goes, and whether an expired job stands in the way."""
        if not lane.strict:
            return lane.head is not None, lane.head != lane.first
        expired = lane.state == "queued" and lane.expires_at is not None and lane.expires_at <= self.now
        return lane.state == "queued" and not lane.running and not expired, expired

    def _order(self, lane: StaleLane) -> tuple[int, int | None]:
        assert lane.priority is not None
        assert lane.run_at is not None
        if self.fair:
            return 0 if self.aged else -lane.priority, lane.turn
        return lane.run_at - lane.priority * self.step, lane.head
