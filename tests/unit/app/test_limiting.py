"""Limits and orders, as people set them."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import pytest

from headrace import Headrace, Rate, Secret, minutes, seconds
from headrace.backends.memory import MemoryBackend
from headrace.backends.memory.place import Place
from headrace.errors import ConfigError
from headrace.model.limits import Limit, LimitTarget
from headrace.testing.clock import FrozenClock


async def greet(name: str) -> str:
    return f"Hello, {name}!"


async def limits_of(app: Headrace) -> dict[str, tuple[int | None, Rate | None]]:
    found = await app.backend.limits.all()
    return {str(limit.target): (limit.concurrency, limit.rate) for limit in found}


async def test_a_queue_is_configured_in_one_call(app: Headrace) -> None:
    await app.configure_queue(
        "mail", concurrency=20, rate="100/s", key_concurrency=2, key_rate=Rate(5, per=seconds(1)), fair=True
    )
    assert await limits_of(app) == {
        "queue:mail": (20, Rate(100, per=seconds(1))),
        "keys:mail": (2, Rate(5, per=seconds(1))),
    }
    [settings] = await app.queues()
    assert (settings.name, settings.fair, settings.ordered, settings.ageing) == ("mail", True, False, None)


async def test_what_is_left_out_stays_and_none_takes_away(app: Headrace) -> None:
    await app.configure_queue("mail", concurrency=20, rate="100/s", fair=True, ageing=minutes(10))
    await app.pause("mail")
    await app.configure_queue("mail", rate=None, ageing=None)
    assert await limits_of(app) == {"queue:mail": (20, None)}
    [settings] = await app.queues()
    assert (settings.paused, settings.fair, settings.ageing) == (True, True, None)
    await app.configure_queue("mail", concurrency=None)
    assert await limits_of(app) == {}


async def test_anything_can_be_limited_by_its_name(app: Headrace) -> None:
    for target in ("store", "task:greet", "keys:mail", "key:mail:tenant-7"):
        await app.limit(target, concurrency=3)
    await app.limit("store", rate="10/m burst 1")
    assert (await limits_of(app))["store"] == (3, Rate(10, per=minutes(1), burst=1))
    assert [str(usage.target) for usage in await app.limits()] == [
        "key:mail:tenant-7", "keys:mail", "store", "task:greet",
    ]  # fmt: skip
    assert await app.remove_limit("store")
    assert not await app.remove_limit("store")
    assert await app.limit_usage("store") is None


async def test_a_single_key_can_be_exempt(app: Headrace) -> None:
    await app.limit("keys:mail", concurrency=1)
    await app.limit("key:mail:vip")
    assert await app.limit_usage("key:mail:vip") is None
    usage = await app.limit_usage("key:mail:other")
    assert usage is not None
    assert usage.limit.concurrency == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"concurrency": -1}, "concurrency of queue:mail is a whole number from 0"),
        ({"key_concurrency": "2"}, "concurrency of keys:mail is a whole number"),
        ({"rate": 5}, "rate is a rate, such as Rate"),
        ({"rate": "fast"}, "'fast' is not a rate. Write a number and a span"),
        ({"fair": 1}, "fair of queue 'mail' is True or False"),
        ({"ageing": 10}, "ageing of queue 'mail' is a timedelta"),
        ({"ageing": seconds(0)}, "ageing of queue 'mail' is from 1 ms"),
        ({"rates": "1/s"}, "a queue has no option 'rates'; there are: concurrency"),
    ],
)
async def test_a_wrong_option_is_refused_by_name(app: Headrace, options: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        await app.configure_queue("mail", **options)
    with pytest.raises(ConfigError, match=message):
        app.queue("mail", **options)


async def test_a_wrong_target_says_what_can_be_limited(app: Headrace) -> None:
    for wrong in ("mail", "queue:", "store:x", "key:mail", "tasks:a"):
        with pytest.raises(ConfigError, match="write store, queue:QUEUE, task:TASK"):
            await app.limit(wrong, concurrency=1)
    with pytest.raises(ConfigError, match="a limit has no figure 'rates'"):
        await app.limit("store", rates="1/s")  # type: ignore[call-arg]


async def test_a_declared_queue_is_set_when_a_worker_starts_and_a_change_at_run_time_outlives_a_restart(
    clock: FrozenClock,
) -> None:
    place = Place()

    async def start_with(**declared: Any) -> tuple[int | None, Rate | None] | None:
        app = Headrace(backend=MemoryBackend(clock=clock, place=place))
        app.queue("mail", **declared)
        async with app, app.worker(queues=["mail"]):
            return (await limits_of(app)).get("queue:mail")

    assert await start_with(concurrency=20) == (20, None)
    operator = MemoryBackend(clock=clock, place=place)
    await operator.open()
    await operator.limits.set_many([Limit(target=LimitTarget.parse("queue:mail"), concurrency=5)])
    assert await start_with(concurrency=20) == (5, None)
    assert await start_with(concurrency=20, rate="1/s") == (20, Rate(1, per=seconds(1)))


def test_a_queue_is_declared_once() -> None:
    app = Headrace("memory://")
    app.queue("mail", fair=True)
    with pytest.raises(ConfigError, match="queue 'mail' is declared twice"):
        app.queue("mail", concurrency=1)


async def test_a_partition_is_an_option_of_a_job(app: Headrace) -> None:
    task = app.task(greet)
    job = await task.options(partition="tenant-7").enqueue("Ada")
    assert (await job.get()).partition == "tenant-7"
    for wrong in ("", "a\nb", 7, "x" * 257):
        with pytest.raises(ConfigError, match="partition is 1 to 256 printable characters"):
            task.options(partition=wrong)  # type: ignore[arg-type]


async def test_a_partition_can_be_told_by_an_argument(app: Headrace) -> None:
    @app.task(partition_by="user")
    async def send(text: str, user: int | None = 3) -> None: ...

    calls = [send.call("a", 7), send.call("a", user=8), send.call("a"), send.call("a", None)]
    calls.append(send.options(partition="given").call("a", 7))
    jobs = [await job.get() for job in await app.enqueue_many(calls)]
    assert [job.partition for job in jobs] == ["7", "8", "3", None, "given"]
    with pytest.raises(ConfigError, match=r"one of its arguments \(name\); got 'user'"):
        app.task(partition_by="user")(greet)


async def test_what_must_not_be_shown_tells_no_partition(app: Headrace) -> None:
    async def send(pin: Annotated[str, Secret], token: str = "", ssn: str = "") -> None: ...

    for hidden in ("pin", "token", "ssn"):
        task = app.task(name=hidden, partition_by=hidden, redact=["ssn"])(send)
        with pytest.raises(ConfigError, match=f"is '{hidden}', which views must not show"):
            task.call("1234")
        assert (await (await task.options(partition="p").enqueue("1234")).get()).partition == "p"


async def test_workers_keep_to_a_limit_and_use_all_of_it(app: Headrace) -> None:
    running = most = 0

    @app.task(queue="mail")
    async def send(number: int) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1

    await app.configure_queue("mail", concurrency=3)
    jobs = await app.enqueue_many([send.call(n) for n in range(30)])
    async with app.worker(queues={"mail": 10}), app.worker(queues={"mail": 10}):
        for job in jobs:
            await job.result(timeout=10)
    assert most == 3
