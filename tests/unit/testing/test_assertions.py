"""What was enqueued: found by its task and some of its arguments, and shown when it was not."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime
from typing import Any
from unittest.mock import ANY

import pytest

from headrace import Headrace, Task, days, hours, minutes, seconds
from headrace.errors import UnknownTask, UsageError
from headrace.model.ids import new_job_id
from headrace.model.job import NewJob
from headrace.testing import AppHarness


@dataclasses.dataclass
class Address:
    street: str
    city: str = "Paris"


@pytest.fixture
def greet(app: Headrace) -> Task[..., str]:
    @app.task(name="greet", queue="mail")
    async def greet(name: str, *, loud: bool = False, count: int = 1) -> str:
        return name

    return greet


async def test_a_job_is_found_by_some_of_its_arguments(harness: AppHarness, greet: Task[..., str]) -> None:
    await greet.enqueue("Ada", loud=True)
    await greet.enqueue("Bob")
    [job] = harness.assert_enqueued(greet, name="Ada")
    assert job.args == {"name": "Ada", "loud": True, "count": 1}
    assert (job.queue, job.state, job.delay) == ("mail", "queued", seconds(0))
    harness.assert_enqueued("greet", loud=False)
    harness.assert_enqueued(greet, count=2)
    harness.assert_enqueued(greet, args={"count": 1}, count=2)
    harness.assert_enqueued(greet, name=ANY, queue="mail")
    assert [job.args["name"] for job in harness.enqueued(greet)] == ["Ada", "Bob"]
    assert [job.args["name"] for job in harness.enqueued(loud=True)] == ["Ada"]
    assert len(harness.enqueued(state="queued")) == 2
    assert harness.enqueued(state="dead") == []


async def test_a_job_is_found_by_when_it_is_to_run(harness: AppHarness, greet: Task[..., str]) -> None:
    await greet.options(delay=days(1)).enqueue("Ada")
    harness.assert_enqueued(greet, delay=days(1))
    harness.assert_enqueued(greet, delay=days(1) + minutes(1), within=minutes(2))
    harness.assert_enqueued(greet, run_at=datetime(2030, 1, 2, tzinfo=UTC))
    harness.assert_not_enqueued(greet, delay=hours(23))


async def test_the_message_shows_what_was_enqueued_nearest_first(harness: AppHarness, greet: Task[..., str]) -> None:
    await greet.enqueue("Bob", loud=True)
    await greet.enqueue("Ada")
    with pytest.raises(AssertionError) as caught:
        harness.assert_enqueued(greet, name="Ada", loud=True, queue="fast")
    assert str(caught.value).splitlines() == [
        "no greet(name='Ada', loud=True) in queue fast was enqueued. What was enqueued, nearest first:",
        "  greet(name='Bob', loud=True, count=1) in queue mail, queued  <- name is 'Bob'; the queue is mail",
        "  greet(name='Ada', loud=False, count=1) in queue mail, queued  <- loud is False; the queue is mail",
    ]


async def test_another_task_is_the_furthest(app: Headrace, harness: AppHarness, greet: Task[..., str]) -> None:
    @app.task(name="other")
    async def other(name: str) -> None: ...

    await other.enqueue("Ada")
    await greet.enqueue("Bob")
    with pytest.raises(AssertionError, match=r"(?s)first:\n  greet.*name is 'Bob'\n  other.*the task is other"):
        harness.assert_enqueued(greet, name="Ada")


async def test_a_wrong_count_is_told(harness: AppHarness, greet: Task[..., str]) -> None:
    with pytest.raises(AssertionError, match="no greet\\(\\) was enqueued; nothing was enqueued at all"):
        harness.assert_enqueued(greet)
    await greet.enqueue("Ada")
    with pytest.raises(AssertionError, match=r"greet\(\) was enqueued 1 times, not 2"):
        harness.assert_enqueued(greet, count=2)
    with pytest.raises(AssertionError, match=r"greet\(name='Ada'\) was enqueued 1 times, and should not have been"):
        harness.assert_not_enqueued(greet, name="Ada")
    harness.assert_not_enqueued(greet, name="Bob")


def test_an_argument_that_the_task_does_not_have_is_a_mistake(harness: AppHarness, greet: Task[..., str]) -> None:
    with pytest.raises(UsageError, match=r"greet has no parameter nmae: greet\(name: str"):
        harness.assert_enqueued(greet, nmae="Ada")


async def test_a_name_that_nobody_knows_is_a_mistake(harness: AppHarness, greet: Task[..., str]) -> None:
    for look in (harness.assert_enqueued, harness.assert_not_enqueued, harness.enqueued):
        with pytest.raises(UnknownTask, match="near names: greet"):
            look("gret")
    with pytest.raises(UsageError, match="greet has no parameter nmae"):
        harness.assert_not_enqueued("greet", nmae="Ada")
    await harness.app.backend.jobs.enqueue_many([NewJob(id=new_job_id(), task="of.another.app", payload=b"{}")])
    harness.assert_enqueued("of.another.app")


async def test_arguments_are_compared_as_what_they_are_and_as_what_is_stored(
    app: Headrace, harness: AppHarness
) -> None:
    @app.task
    async def move(to: Address, when: Any, *rest: int, **more: int) -> None: ...

    await move.enqueue(Address("Rue 1"), date(2030, 1, 1), 1, 2, x=3)
    harness.assert_enqueued(move, to=Address("Rue 1", "Paris"), when=date(2030, 1, 1), rest=(1, 2), more={"x": 3})
    harness.assert_not_enqueued(move, to=Address("Rue 2"))


async def test_what_has_run_still_counts_as_enqueued(harness: AppHarness, greet: Task[..., str]) -> None:
    await greet.enqueue("Ada")
    await harness.drain()
    harness.assert_enqueued(greet, state="succeeded")
    harness.assert_not_enqueued(greet, state="queued")
