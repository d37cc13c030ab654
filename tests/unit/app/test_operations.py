"""What people ask of jobs and queues."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from headrace import Headrace, JobState, hours, minutes
from headrace.errors import ConfigError, JobNotFound
from headrace.model.ids import new_job_id
from headrace.model.queue import JobCount, QueueSettings, Retention
from headrace.testing.clock import FrozenClock


async def greet(name: str) -> str:
    return f"Hello, {name}!"


async def test_jobs_are_found_by_state_queue_task_tag_and_time(app: Headrace, clock: FrozenClock) -> None:
    task = app.task(greet)
    old = await task.options(queue="mail", tags=["vip"]).enqueue("Ada")
    clock.advance(hours(1))
    new = await task.options(delay=minutes(5)).enqueue("Bob")

    async def found(**query: Any) -> list[str]:
        return [job.id for job in (await app.find(**query)).items]

    assert await found() == [new.id, old.id]
    assert await found(states=["scheduled"]) == await found(states=[JobState.SCHEDULED]) == [new.id]
    assert await found(queues=["mail"]) == await found(tags=["vip"]) == await found(until=clock.now()) == [old.id]
    assert await found(tasks=[task.name], since=clock.now()) == [new.id]
    assert await found(tasks=["other"]) == []


async def test_a_long_list_comes_in_pages(app: Headrace) -> None:
    task = app.task(greet)
    handles = await app.enqueue_many(task.call(str(number)) for number in range(5))
    first = await app.find(limit=3)
    rest = await app.find(limit=3, cursor=first.next_cursor)
    assert [job.id for job in [*first.items, *rest.items]] == [handle.id for handle in reversed(handles)]
    assert rest.next_cursor is None


async def test_counts_are_by_queue_and_state(app: Headrace) -> None:
    task = app.task(greet)
    await app.enqueue_many([task.call("a"), task.call("b"), task.call("c").options(queue="mail")])
    assert await app.counts(queues=["default"]) == [JobCount(queue="default", state=JobState.QUEUED, count=2)]


async def test_a_queue_can_be_paused_and_resumed_and_keeps_its_other_settings(
    app: Headrace, clock: FrozenClock
) -> None:
    retention = Retention(succeeded=hours(1))
    await app.backend.queues.configure_many([QueueSettings(name="mail", retention=retention)])
    await app.pause("mail", reason="provider is down")
    assert await app.queues() == [
        QueueSettings(
            name="mail", paused=True, pause_reason="provider is down", paused_at=clock.now(), retention=retention
        )
    ]
    await app.resume("mail")
    assert await app.queues() == [QueueSettings(name="mail", retention=retention)]


async def test_jobs_are_cancelled_retried_and_deleted_with_an_answer_for_each(app: Headrace) -> None:
    handle = await app.task(greet).enqueue("Ada")
    unknown = new_job_id()
    cancelled = await app.cancel([handle.id, unknown], reason="not needed")
    assert [(each.changed, each.state) for each in cancelled] == [(True, JobState.CANCELLED), (False, None)]
    assert (await handle.get()).reason == "not needed"
    assert [each.changed for each in await app.retry([handle.id])] == [True]
    assert await handle.state() is JobState.QUEUED
    assert [each.changed for each in await app.wake([handle.id])] == [True]
    assert [each.changed for each in await app.delete([handle.id])] == [True]
    with pytest.raises(JobNotFound):
        await handle.state()


async def test_more_ids_than_a_batch_are_cut(app: Headrace) -> None:
    task = app.task(greet)
    count = app.backend.capabilities.max_batch + 1
    handles = await app.enqueue_many(task.call("x") for _ in range(count))
    answers = await app.cancel(handle.id for handle in handles)
    assert [answer.id for answer in answers] == [handle.id for handle in handles]
    assert all(answer.changed for answer in answers)


async def test_a_fresh_job_has_no_attempts_and_no_logs(app: Headrace) -> None:
    handle = await app.task(greet).enqueue("Ada")
    assert await app.attempts(handle.id) == []
    assert await app.logs(handle.id) == []


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"states": ["done"]}, "'done' is not a state of a job; the states are: scheduled, queued"),
        ({"states": "dead"}, r"states takes several, in a list: \['dead'\]"),
        ({"queues": "mail"}, r"queues takes several, in a list: \['mail'\]"),
        ({"since": datetime(2030, 1, 1)}, "since needs a time zone"),  # noqa: DTZ001 - that is the mistake
        ({"limit": 0}, "limit is the size of a page, from 1 to 1000; got 0"),
    ],
)
async def test_a_wrong_question_is_refused(app: Headrace, query: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        await app.find(**query)


async def test_one_id_is_not_several(app: Headrace) -> None:
    with pytest.raises(ConfigError, match=r"ids takes several, in a list: \['abc'\]"):
        await app.cancel("abc")
