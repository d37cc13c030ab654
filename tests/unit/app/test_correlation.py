"""One id from a request, through the jobs it enqueues, to the jobs that those enqueue."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from headrace import Headrace, correlate, correlation_id, current_job
from headrace.errors import UsageError
from headrace.model.correlation import CORRELATION_KEY, correlation_of
from headrace.tasks import JobHandle


class Family:
    """A task that enqueues another, which enqueues a third; the ids they ran under, by name."""

    def __init__(self, app: Headrace) -> None:
        self.app = app
        self.seen: dict[str, str] = {}
        self.complete = asyncio.Event()
        self.define(self.seen)

    def define(self, seen: dict[str, str]) -> None:
        @self.app.task(name="child")
        async def child() -> None:
            seen["child"] = current_job().correlation_id
            self.complete.set()

        @self.app.task(name="parent")
        async def parent() -> None:
            seen["parent"] = current_job().correlation_id
            await child.enqueue()

        @self.app.task(name="grandparent", executor="thread")
        def grandparent() -> None:
            seen["grandparent"] = str(correlation_id())
            self.app.sync.enqueue(parent.call())

    async def enqueue(self) -> JobHandle[None]:
        return await self.app.enqueue(self.app.find_task("grandparent").call())

    async def run(self) -> None:
        async with self.app.worker(), asyncio.timeout(20):
            await self.complete.wait()
        self.app.sync.close()


async def test_the_id_of_the_first_job_is_that_of_all_it_leads_to(app: Headrace) -> None:
    family = Family(app)
    handle = await family.enqueue()
    await family.run()
    assert family.seen == dict.fromkeys(("grandparent", "parent", "child"), handle.id)
    assert (await handle.get()).meta == {}


async def test_an_id_that_is_given_is_kept_through_all_of_them(app: Headrace) -> None:
    family = Family(app)
    with correlate("request-7"):
        await family.enqueue()
    await family.run()
    assert set(family.seen.values()) == {"request-7"}


async def test_many_calls_get_the_id_and_one_that_has_its_own_keeps_it(app: Headrace) -> None:
    Family(app)
    call = app.find_task("child").call()
    with correlate() as value:
        uuid.UUID(value)
        handles = await app.enqueue_many([call, call.options(meta={CORRELATION_KEY: "mine", "tenant": 7})])
    jobs = [await handle.get() for handle in handles]
    assert [correlation_of(job) for job in jobs] == [value, "mine"]
    assert jobs[1].meta["tenant"] == 7
    assert correlation_id() is None


@pytest.mark.parametrize("wrong", ["", "a\nb", "x" * 129, 7])
def test_what_cannot_be_an_id_is_refused(wrong: str) -> None:
    with pytest.raises(UsageError, match="a correlation id is 1 to 128 printable characters"), correlate(wrong):
        pass
