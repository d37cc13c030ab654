"""A store full of jobs of all kinds, for property tests of its searches."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import msgspec

from headrace.model.job import ErrorInfo, Job
from headrace.model.outcome import Cancelled, Completed, Discarded, Failed, Outcome, Snoozed
from headrace.model.page import JobQuery
from headrace.model.search import Query, matches
from headrace.storage.backend import Backend
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import claim, enqueue, finish, job

PAYLOADS: list[tuple[str, object]] = [
    ("json", {}),
    ("json", {"n": 1, "user": {"id": 42, "é": "é"}}),
    ("json", {"n": 1.5, "user": [1, "ada", None, True, [2], {"id": 1}]}),
    ("json", {"n": "1", "id": "MAIL", "a-b": {"0": "x", "n": False}}),
    ("json", {"n": None, "user": [{"id": "a b"}, "refused"], "id": 2**63}),
    ("json", {"n": "true", "0": "x", "é": [["ada"]], "id": -3}),
    ("json", [1, {"n": 1}]),
    ("msgpack", {"n": 1}),
]


async def _fill(backend: Backend, clock: FrozenClock) -> list[Job]:
    ids = []
    for n, (codec, value) in enumerate(PAYLOADS * 3):
        payload = msgspec.json.encode(value) if codec == "json" else msgspec.msgpack.encode(value)
        new = job(
            ["mail.send", "MAIL", "é[x]"][n % 3],
            queue=["mail", "default"][n % 2],
            codec=codec,
            payload=payload,
            priority=n % 10,
            task_version=1 + n % 2,
            tags=[(), ("vip",), ("vip", "a b")][n % 3],
            meta=[{}, {"n": n, "user": {"id": "w-1"}}][n % 2],
            idempotency_key=[None, f"key-{n}"][n % 2],
            delay=timedelta(hours=1) if n % 8 == 7 else None,
            expires_in=timedelta(hours=2) if n % 5 == 0 else None,
        )
        ids += await enqueue(backend, new)
        clock.advance(timedelta(minutes=7))
    outcomes: list[Outcome] = [
        Completed(),
        Failed(error=ErrorInfo(type="ValueError", message="refused [x] by mail")),
        Failed(error=ErrorInfo(type="OSError", message="é"), retry_in=timedelta(hours=1)),
        Discarded(reason="Mail refused"),
        Cancelled(reason="a b"),
        Snoozed(delay=timedelta(0)),
    ]
    claims = [*await claim(backend, 7, queue="mail", worker="w-1"), *await claim(backend, 7, worker="w-2")]
    for n, claimed in enumerate(claims):
        clock.advance(timedelta(minutes=1))
        if n % 7 != 6:
            await finish(backend, claimed, outcomes[n % 7])
    jobs = await backend.reader.get_many(list(reversed(ids)))
    return [each for each in jobs if each is not None]


class Filled:
    """An empty store that is filled with jobs in all kinds of states, and kept open for all examples."""

    def __init__(self, backend: Backend, clock: FrozenClock) -> None:
        self.clock = clock
        self.backend = backend
        self.runner = asyncio.Runner()
        self.runner.run(backend.open())
        self.jobs = self.runner.run(_fill(backend, clock))

    def find(self, query: Query) -> list[str]:
        page = self.runner.run(self.backend.reader.find(JobQuery(where=query), limit=100))
        return [each.id for each in page.items]

    def check(self, query: Query) -> None:
        """A search finds exactly the jobs that fit by the specification."""
        now = self.clock.now()
        assert self.find(query) == [each.id for each in self.jobs if matches(query, each, now)]

    def close(self) -> None:
        self.runner.run(self.backend.close())
        self.runner.close()
