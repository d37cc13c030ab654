"""The machine with changes that are taken back."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from headrace.model.ids import JobId
from headrace.model.outcome import Failed
from headrace.model.standing import Standing, standing_of
from headrace.storage.jobs import JobRestore
from headrace.testing.conformance.builders import ERROR
from tests.stateful.machine import StoreMachine, choices
from tests.stateful.strategies import QUEUES, edit, edits


class UndoMachine(StoreMachine):
    """Also puts jobs back to where they stood at some time before, whatever has become of them since."""

    def __init__(self) -> None:
        super().__init__()
        self.before: dict[JobId, Standing] = {}

    @rule(places=choices)
    def remember(self, places: list[int]) -> None:
        for job_id, standing in self.standings(self.some_ids(places)).items():
            self.before.setdefault(job_id, standing)

    @precondition(lambda self: self.before)
    @rule(places=choices)
    def undo(self, places: list[int]) -> None:
        remembered = [list(self.before)[-1 - place % len(self.before)] for place in places]
        self.restore({each: self.before[each] for each in remembered})

    @rule(places=choices, verb=st.sampled_from(["retry", "cancel", "discard", "edit"]), values=edits)
    def change_and_undo(self, places: list[int], verb: str, values: dict[str, Any]) -> None:
        ids = self.some_ids(places)
        before = self.standings(ids)
        match verb:
            case "retry":
                self.agree(lambda backend: backend.jobs.retry_many(ids))
            case "cancel":
                self.agree(lambda backend: backend.jobs.cancel_many(ids, reason="oops"))
            case "discard":
                self.agree(lambda backend: backend.jobs.discard_many(ids, reason="oops"))
            case _:
                changes = [edit(each, values, self.clock.now()) for each in ids]
                self.agree(lambda backend: backend.jobs.edit_many(changes))
        self.restore(before)

    @rule(count=st.integers(1, 4), discarded=st.booleans())
    def fail_and_undo_what_a_person_does_then(self, count: int, discarded: bool) -> None:
        """The changes that ask most of an undo: attempts, ends and reasons have to come back."""
        self.claim_both(dict.fromkeys(QUEUES, count), 30, "w-1")
        pairs = self.leases[-count:]
        self.finish_both(pairs, [Failed(error=ERROR)] * len(pairs))
        ids = list(dict.fromkeys(pair[0].job_id for pair in pairs))
        before = self.standings(ids)
        if discarded:
            self.agree(lambda backend: backend.jobs.discard_many(ids, reason="oops"))
        else:
            self.agree(lambda backend: backend.jobs.retry_many(ids))
        self.restore(before)

    def restore(self, before: dict[JobId, Standing]) -> None:
        left = self.standings(list(before))
        restores = [JobRestore(id=each, before=before[each], left=left[each]) for each in before if each in left]
        self.agree(lambda backend: backend.jobs.restore_many(restores))

    def standings(self, ids: list[JobId]) -> dict[JobId, Standing]:
        """Where the jobs stand that are there."""
        found = self.run(self.model.reader.get_many(ids))
        return {each.id: standing_of(each) for each in found if each is not None}
