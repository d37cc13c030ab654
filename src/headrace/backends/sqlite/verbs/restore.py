"""Taking changes back: jobs go to where they stood, unless anything else became of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from headrace.backends.sqlite.rows import as_json
from headrace.backends.sqlite.times import from_us, maybe_from_us, to_us
from headrace.backends.sqlite.transaction import Transaction
from headrace.backends.sqlite.verbs.changes import Target, change, enter_lane
from headrace.backends.sqlite.verbs.finish import announce_state
from headrace.model.ids import JobId
from headrace.model.job import FINAL_STATES, PENDING_STATES, JobState
from headrace.model.standing import Standing, state_again
from headrace.storage.jobs import Changed, JobRestore
from headrace.storage.signals import EXPIRY

_decode_tags = msgspec.json.Decoder(tuple[str, ...]).decode


class Found(NamedTuple):
    """Where a job stands; the order of fields is that of ``sql/get_standing.sql``."""

    state: str
    claims: int
    queue: str
    priority: int
    attempt: int
    max_attempts: int
    run_at: int
    expires_at: int | None
    finished_at: int | None
    tags: str | None
    reason: str | None
    cancel: int

    def standing(self) -> Standing:
        """The same as a value of the model."""
        return Standing(
            state=JobState(self.state),
            claims=self.claims,
            queue=self.queue,
            priority=self.priority,
            attempt=self.attempt,
            max_attempts=self.max_attempts,
            run_at=from_us(self.run_at),
            expires_at=maybe_from_us(self.expires_at),
            finished_at=maybe_from_us(self.finished_at),
            tags=() if self.tags is None else _decode_tags(self.tags),
            reason=self.reason,
            cancel_requested=bool(self.cancel),
        )


def restore_many(transaction: Transaction, restores: Sequence[JobRestore]) -> list[Changed]:
    """Put back each job that is as it was left, unless a rival has its unique key."""
    return [_restore_one(transaction, each) for each in restores]


def _restore_one(transaction: Transaction, restore: JobRestore) -> Changed:
    differs: str | None = None
    rival: JobId | None = None

    def verb(job: Target) -> JobState | None:
        nonlocal differs, rival
        [row] = transaction.rows("get_standing", (job.seq,))
        found = Found(*row).standing()
        differs = restore.differs(found)
        if differs is not None:
            return None
        state = state_again(restore.before, found, from_us(transaction.now))
        if job.unique and found.state in FINAL_STATES and state not in FINAL_STATES:
            rival = transaction.value("find_rival", {"seq": job.seq, "now": transaction.now})
            if rival is not None:
                return None
        _put_back(transaction, job, restore.before, state)
        return state

    [reply] = change(transaction, [restore.id], verb)
    return replace(reply, differs=differs, conflict=rival)


def _put_back(transaction: Transaction, job: Target, before: Standing, state: JobState) -> None:
    run_at = _us(before.run_at)
    if run_at is None:
        run_at = job.run_at
    timed = state is JobState.SCHEDULED or (state is JobState.WAITING and job.wake_at is not None)
    values = {
        "seq": job.seq,
        "now": transaction.now,
        "state": state.value,
        "queue": before.queue,
        "priority": before.priority,
        "attempt": before.attempt,
        "max_attempts": before.max_attempts,
        "run_at": run_at,
        "wake_at": run_at if timed else None,
        "expires_at": _us(before.expires_at),
        "finished_at": transaction.now if before.finished_at else None,
        "reason": before.reason,
        "cancel": before.cancel_requested,
    }
    # First the tags, for the journal tells of the job as it is put back.
    transaction.run("edit_tags", (as_json(before.tags) if before.tags else None, job.seq))
    transaction.run("put_back", values)
    if before.finished_at:
        # Afterwards, for the journal takes the instant of the change from it.
        transaction.run("date_end", {"seq": job.seq, "finished_at": _us(before.finished_at)})
    enter_lane(transaction, before.queue, job.seq)
    transaction.move(job.queue, job.state, None)
    transaction.move(before.queue, None, state)
    announce_state(transaction, job.id, before.queue, state)
    if before.expires_at is not None and state in PENDING_STATES:
        transaction.announce(EXPIRY, before.queue)


def _us(instant: object) -> int | None:
    return to_us(instant) if isinstance(instant, datetime) else None
