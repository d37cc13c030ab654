"""An account of every lease, kept beside the store and compared with its every answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from headrace.model.ids import JobId
from headrace.model.job import AttemptOutcome, JobState, NewJob
from headrace.model.lease import Claim, Lease
from headrace.model.outcome import Cancelled, Completed, Discarded, Failed, Finish, Outcome
from headrace.storage.backend import Backend
from headrace.storage.jobs import ClaimRequest, Enqueued, Heartbeat, JobStore, Rescued, Settled
from headrace.testing.simulation.limits import Census, Seat


class Violation(AssertionError):
    """A promise of the contract was broken. The message says which, and how to see it again."""


@dataclass(slots=True)
class Account:
    """What must be true of one job: who holds it, how its attempts ended, and how it ended itself."""

    max_attempts: int
    unique_key: str | None = None
    token: str | None = None
    worker: str = ""
    deadline: float = 0.0
    claims: int = 0
    attempts: list[AttemptOutcome] = field(default_factory=list)
    ends: list[JobState] = field(default_factory=list)


Note = Callable[[str, str, JobId | None, str], None]


class Bookkeeper:
    """Stands between the faulty backends of all processes and the one store, so that it sees each effect once.

    Every verb that changes a lease is compared with the account, and after each the store's counters are compared with
    a recount. What the account forbids is kept in ``violations`` rather than raised, since a worker rightly takes
    whatever a store raises for a fault that passes.
    """

    def __init__(self, backend: Backend, jobs: JobStore, note: Note, census: Census | None = None) -> None:
        self.accounts: dict[JobId, Account] = {}
        self.violations: list[Violation] = []
        self._backend = backend
        self._jobs = jobs
        self._note = note
        self._census = census
        self._seats: dict[str, Seat] = {}
        self._tokens: set[tuple[JobId, str]] = set()

    def __getattr__(self, verb: str) -> Any:
        return getattr(self._jobs, verb)

    async def enqueue_many(self, jobs: Sequence[NewJob]) -> list[Enqueued]:
        """A job is there from its first enqueue on; the same id, or a unique key that is taken, adds nothing."""
        replies = await self._jobs.enqueue_many(jobs)
        for job, reply in zip(jobs, replies, strict=True):
            key = None if job.unique is None else job.unique.key
            if job.id in self.accounts:
                self._demand(reply.duplicate and reply.id == job.id, job.id, f"is there, and the answer was {reply}")
                continue
            holder = self._holder(key)
            self._demand(reply.added == (holder is None), job.id, f"{holder} holds {key!r}, and the answer was {reply}")
            if reply.added:
                self.accounts[job.id] = Account(max_attempts=job.max_attempts, unique_key=key)
                self._seats[job.id] = Seat(key=job.partition)
            else:
                self._demand(reply.id == holder, job.id, f"{holder} holds {key!r}, and the answer was {reply.id}")
                if reply.replaced:
                    self._seats[reply.id].key = job.partition
        await self._recount()
        return replies

    async def claim(self, request: ClaimRequest) -> list[Claim]:
        """Nobody gets a job that another holds, that has ended, or that has no attempt left; no token comes twice."""
        claims = await self._jobs.claim(request)
        for claim in claims:
            job, account = claim.job, self.accounts[claim.job.id]
            self._demand(account.token is None, job.id, f"claimed by {request.worker} while {account.worker} holds it")
            self._demand(not account.ends, job.id, f"claimed after it had ended as {account.ends}")
            self._demand(job.attempt <= account.max_attempts, job.id, f"attempt {job.attempt} is one too many")
            self._demand((job.id, claim.lease.token) not in self._tokens, job.id, "a token was given twice")
            self._tokens.add((job.id, claim.lease.token))
            account.token, account.worker = claim.lease.token, request.worker
            account.deadline = self._mono() + request.lease_for.total_seconds()
            account.claims += 1
            self._seats[job.id].held = True
            for wrong in () if self._census is None else self._census.began(self._seats, job.id, self._mono()):
                self._demand(False, job.id, wrong)
            self._note("claim", request.worker, job.id, f"attempt {job.attempt}")
        if claims:
            await self._recount()
        return claims

    async def heartbeat(self, leases: Sequence[Lease], *, extend: timedelta) -> list[Heartbeat]:
        """Current leases are extended, others are refused."""
        replies = await self._jobs.heartbeat(leases, extend=extend)
        for lease, reply in zip(leases, replies, strict=True):
            account = self.accounts[lease.job_id]
            current = account.token == lease.token
            self._demand((reply.lease is not None) == current, lease.job_id, f"heartbeat of a lease, current={current}")
            if current:
                account.deadline = self._mono() + extend.total_seconds()
        return replies

    async def finish_many(self, finishes: Sequence[Finish]) -> list[Settled]:
        """What comes under a current lease is applied, once; anything else is stale and changes nothing."""
        replies = await self._jobs.finish_many(finishes)
        for finish, reply in zip(finishes, replies, strict=True):
            self._finished(finish, reply)
        await self._recount()
        return replies

    async def rescue(self, *, limit: int, quarantine_after: int | None = None) -> list[Rescued]:
        """Only a lease that ran out is taken away."""
        rescued = await self._jobs.rescue(limit=limit, quarantine_after=quarantine_after)
        for each in rescued:
            account = self.accounts[each.id]
            self._demand(account.token is not None, each.id, "rescued though nobody held it")
            self._demand(account.deadline <= self._mono(), each.id, "rescued before its lease ran out")
            self._note("rescue", account.worker, each.id, each.state)
            account.token = None
            self._seats[each.id].held = False
            account.attempts.append(AttemptOutcome.LOST)
            self._ended(each.id, each.state)
        if rescued:
            await self._recount()
        return rescued

    def _holder(self, key: str | None) -> JobId | None:
        """The job that carries this unique key and has not ended."""
        if key is None:
            return None
        return next((each for each in self.open_jobs() if self.accounts[each].unique_key == key), None)

    def open_jobs(self) -> list[JobId]:
        """The jobs that have not ended."""
        return [job_id for job_id, account in self.accounts.items() if not account.ends]

    async def audit(self, acknowledged: Sequence[JobId]) -> None:
        """At the end: every acknowledged job is there, ended once, and its stored history is the account's."""
        jobs = await self._backend.reader.get_many(acknowledged)
        for job_id, job in zip(acknowledged, jobs, strict=True):
            account = self.accounts.get(job_id)
            if job is None or account is None:
                self._demand(False, job_id, "acknowledged, and lost")
                continue
            self._demand(account.ends == [job.state], job_id, f"is {job.state}, and ended as {account.ends}")
            self._demand(job.claims == account.claims, job_id, f"counts {job.claims} claims of {account.claims}")
            self._demand(job.attempt <= job.max_attempts, job_id, f"counts {job.attempt} attempts")
            stored = [attempt.outcome for attempt in await self._backend.reader.attempts(job_id)]
            self._demand(stored == account.attempts, job_id, f"keeps {stored} of the attempts {account.attempts}")

    def _finished(self, finish: Finish, reply: Settled) -> None:
        job_id = finish.lease.job_id
        account = self.accounts[job_id]
        current = account.token == finish.lease.token
        kind = type(finish.outcome).__name__
        self._demand(
            (reply is Settled.APPLIED) == current, job_id, f"{kind} was {reply} under a lease with current={current}"
        )
        self._note("finish", account.worker if current else "", job_id, f"{kind} {reply}")
        if reply is Settled.APPLIED:
            account.token = None
            self._seats[job_id].held = False
            state, attempt = _after(finish.outcome)
            if attempt is not None:
                account.attempts.append(attempt)
            self._ended(job_id, state)

    def _ended(self, job_id: JobId, state: JobState | None) -> None:
        if state is not None and state.final:
            self._seats[job_id].ended = True
            ends = self.accounts[job_id].ends
            ends.append(state)
            self._demand(len(ends) == 1, job_id, f"ended more than once: {ends}")

    async def _recount(self) -> None:
        jobs = [job for job in await self._backend.reader.get_many(list(self.accounts)) if job is not None]
        recount = Counter((job.queue, job.state) for job in jobs)
        counted = {(each.queue, each.state): each.count for each in await self._backend.reader.counts()}
        self._demand(counted == recount, None, f"the counters say {counted}, a recount says {dict(recount)}")

    def _mono(self) -> float:
        return self._backend.clock.monotonic()

    def _demand(self, kept: bool, job_id: JobId | None, what: str) -> None:
        if not kept:
            self._note("violation", "", job_id, what)
            self.violations.append(Violation(f"job {job_id}: {what}" if job_id else what))


def _after(outcome: Outcome) -> tuple[JobState | None, AttemptOutcome | None]:
    """The state in which the job has ended, if it has, and how the attempt did, unless it was given back."""
    match outcome:
        case Completed():
            return JobState.SUCCEEDED, AttemptOutcome.SUCCEEDED
        case Failed(retry_in=None):
            return JobState.DEAD, outcome.outcome
        case Failed():
            return None, outcome.outcome
        case Cancelled():
            return JobState.CANCELLED, AttemptOutcome.CANCELLED
        case Discarded():
            return JobState.DEAD, AttemptOutcome.DISCARDED
        case _:
            return None, None
