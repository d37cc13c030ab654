"""Merging lanes: the jobs that a claim takes from a queue, in order, until its demand or their room is used up."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from headrace.storage.lanes.gates import Gate
from headrace.storage.lanes.layout import LaneRules, ReadyLane

LaneJob = tuple[int, int, int]
"""A job's seq, its rank and its priority."""

LaneJobs = Iterable[tuple[str, Sequence[LaneJob]]]
"""Lanes with the first of their jobs."""

_Order = tuple[int, int, int, int]


class Wanted(NamedTuple):
    """What a merge asks of its store: the first ``limit`` jobs of each of these lanes, in their order."""

    lanes: Sequence[str]
    limit: int


class _Candidate:
    """A ready lane with the jobs read of it so far. ``whole``: there are no more."""

    __slots__ = ("gate", "jobs", "lane", "taken", "task", "whole")

    def __init__(self, lane: ReadyLane, gate: Gate, task: Gate | None) -> None:
        self.lane = lane
        self.gate = gate
        self.task = task
        self.jobs: Sequence[LaneJob] = ()
        self.taken = 0
        self.whole = False

    @property
    def open(self) -> bool:
        """Whether its limits let one more of its jobs begin."""
        return self.gate.free > 0 and (self.task is None or self.task.free > 0)

    @property
    def job(self) -> LaneJob | None:
        """The next job that was read."""
        return self.jobs[self.taken] if self.taken < len(self.jobs) else None


class Merge:
    """One round of a claim from a queue's ready lanes. ``pick`` asks for jobs as it needs them, and so knows no store.

    ``heads_known``: the head of a ready lane can be taken without reading it. Not so where other transactions, that are
    no claims, may be taking it away at this moment.
    """

    def __init__(self, layout: LaneRules, *, heads_known: bool = True) -> None:
        self._layout = layout
        self._heads_known = heads_known
        self._turns: dict[str, int] = {}
        self._served: dict[str, ReadyLane] = {}
        self._keys: dict[str, Gate] = {}

    @property
    def gates(self) -> list[Gate]:
        """Those of the keys that were looked at."""
        return list(self._keys.values())

    @property
    def served(self) -> list[tuple[ReadyLane, int]]:
        """The lanes that were served, with the turns of their keys (0 where keys take none)."""
        return [(lane, self._turns.get(lane.key, 0)) for lane in self._served.values()]

    def pick(
        self, lanes: Sequence[tuple[ReadyLane, Gate | None]], wanted: int
    ) -> Generator[Wanted, LaneJobs, list[int]]:
        """Up to ``wanted`` jobs of these lanes, each under the gate of its key and, if it is limited, of its task.

        Yields what it has to know, is sent the answer, and returns the jobs.
        """
        fair = self._layout.fair
        candidates = []
        for lane, task in lanes:
            gate = self._keys.setdefault(lane.key, self._layout.gate(lane))
            candidates.append(_Candidate(lane, gate, task))
            if lane.turn is not None:
                self._turns[lane.key] = lane.turn
        yield from self._begin(candidates, wanted)
        queued = [(self._order(each, each.job), n) for n, each in enumerate(candidates) if each.job is not None]
        heapify(queued)
        picked: list[int] = []
        while queued and len(picked) < wanted:
            order, number = heappop(queued)
            candidate = candidates[number]
            if not candidate.open:
                continue
            if candidate.job is None and not candidate.whole:
                yield from self._read([candidate], candidate.taken + wanted - len(picked))
            elif candidate.job is not None and (not fair or order[1] == self._turns[candidate.lane.key]):
                picked.append(candidate.job[0])
                last = self._serve(candidate)
                if candidate.job is None and not candidate.whole:
                    heappush(queued, (self._order(candidate, last), number))  # its next is not before this
            if candidate.job is not None:
                heappush(queued, (self._order(candidate, candidate.job), number))
        return picked

    def _begin(self, candidates: Sequence[_Candidate], wanted: int) -> Generator[Wanted, LaneJobs]:
        """Read what each lane is about to give: where keys take turns, often nothing but its head, which is known."""
        fair = self._layout.fair
        each = -(-wanted // max(1, len(candidates)))
        if not (self._heads_known and fair) or each > 1 or any(candidate.task is not None for candidate in candidates):
            yield from self._read(candidates, each if fair else each + 1)
            return
        for candidate in candidates:
            candidate.jobs = [(candidate.lane.head, 0, -candidate.lane.level)]
            candidate.whole = self._layout.strict(candidate.lane)

    def _serve(self, candidate: _Candidate) -> LaneJob:
        """Let the candidate's next job begin, and answer it."""
        job = candidate.jobs[candidate.taken]
        candidate.gate.take(1)
        if candidate.task is not None:
            candidate.task.take(1)
        if self._layout.fair:
            self._layout.last_turn += 1
            self._turns[candidate.lane.key] = self._layout.last_turn
        self._served[candidate.lane.lane] = candidate.lane
        candidate.taken += 1
        return job

    def _read(self, candidates: Sequence[_Candidate], limit: int) -> Generator[Wanted, LaneJobs]:
        """Read jobs of lanes, from the first on. An ordered key has but one to give."""
        wanted: dict[str, _Candidate] = {}
        for candidate in candidates:
            lane = candidate.lane
            candidate.whole = self._layout.strict(lane)
            if candidate.whole and self._heads_known:
                fair = self._layout.fair
                candidate.jobs = [(lane.head, 0 if fair else lane.level, -lane.level if fair else 0)]
            else:
                wanted[lane.lane] = candidate
        if not wanted:
            return
        for name, jobs in (yield Wanted(list(wanted), limit)):
            wanted[name].jobs = jobs
            wanted[name].whole = wanted[name].whole or len(jobs) < limit

    def _order(self, candidate: _Candidate, job: LaneJob) -> _Order:
        seq, rank, priority = job
        if not self._layout.fair:
            return (rank, seq, 0, 0)
        return (0 if self._layout.aged else -priority, self._turns[candidate.lane.key], rank, seq)
