"""Versions of tasks: jobs that older code stored run on this code, and jobs of newer code wait for it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from headrace import Fixed, Headrace, Never
from headrace.backends.memory import MemoryBackend
from headrace.errors import ConfigError, InvalidArguments, JobFailed, UsageError
from headrace.model.durations import ZERO
from headrace.model.job import NewJob
from headrace.tasks.versions import Upcast, Upcasts

PATIENCE_S = 20


@pytest.fixture
def app() -> Headrace:
    return Headrace(backend=MemoryBackend())


def pay_of(app: Headrace, **settings: Any) -> Any:
    """Version 3 of a task that took euros, then cents, and now a currency as well."""

    @app.task(name="pay", version=3, **settings)
    async def pay(cents: int, currency: str) -> str:
        return f"{cents} {currency}"

    @pay.upcast(from_version=1, deprecated="euros are rounded", sunset=date(2030, 1, 31))
    def _(args: dict[str, Any]) -> dict[str, Any]:
        return {"cents": args["euros"] * 100}

    @pay.upcast(from_version=2)
    def _(args: dict[str, Any]) -> dict[str, Any]:
        return {**args, "currency": "EUR"}

    return pay


def old(version: int, payload: bytes, codec: str = "json") -> NewJob:
    from headrace.model.ids import new_job_id

    return NewJob(id=new_job_id(), task="pay", payload=payload, task_version=version, codec=codec)


async def answer(app: Headrace, job: NewJob) -> Any:
    async with app, app.worker():
        await app.backend.jobs.enqueue_many([job])
        return await app.job(job.id).result(timeout=PATIENCE_S)


@pytest.mark.parametrize(
    ("version", "payload"), [(1, b'{"euros":5}'), (2, b'{"cents":500}'), (3, b'{"cents":500,"currency":"EUR"}')]
)
async def test_jobs_of_every_version_run_on_this_code(app: Headrace, version: int, payload: bytes) -> None:
    pay_of(app)
    assert await answer(app, old(version, payload)) == "500 EUR"


async def test_another_codec_is_upcast_as_well(app: Headrace) -> None:
    from msgspec import msgpack

    pay_of(app)
    assert await answer(app, old(1, msgpack.encode({"euros": 5}), "msgpack")) == "500 EUR"


async def test_a_deprecated_version_is_told_of_once(app: Headrace, caplog: pytest.LogCaptureFixture) -> None:
    pay_of(app)
    events: list[dict[str, Any]] = []
    app.telemetry.attach(lambda name, data: events.append(data) if name == "task.deprecated" else None)
    jobs = [old(1, b'{"euros":5}'), old(1, b'{"euros":6}'), old(2, b'{"cents":1}')]
    async with app, app.worker():
        await app.backend.jobs.enqueue_many(jobs)
        for job in jobs:
            await app.job(job.id).result(timeout=PATIENCE_S)
    told = "version 1 of task pay is deprecated, and will not be read after 2030-01-31: euros are rounded"
    assert [record.message for record in caplog.records if "deprecated" in record.message] == [told]
    assert events == [{"task": "pay", "version": 1, "message": "euros are rounded"}]


async def test_a_missing_step_fails_the_attempt_and_says_what_to_write(app: Headrace) -> None:
    @app.task(name="pay", version=2, retry=Fixed(every=ZERO, attempts=2))
    async def pay(cents: int) -> None: ...

    job = old(1, b'{"euros":5}')
    with pytest.raises(JobFailed, match=r"has no way from version 1: write one with @pay\.upcast\(from_version=1\)"):
        await answer(app, structs.replace(job, max_attempts=2))
    async with app:
        assert (await app.get(job.id)).attempt == 2


async def test_an_upcast_that_raises_or_answers_nonsense_fails_the_attempt(app: Headrace) -> None:
    @app.task(name="pay", version=3, retry=Never())
    async def pay(cents: int) -> None: ...

    pay.upcast(from_version=1)(lambda args: {"cents": args["cents"]})
    pay.upcast(from_version=2)(lambda args: 5)  # type: ignore[type-var]
    first, second = structs.replace(old(1, b"{}"), max_attempts=1), structs.replace(old(2, b"{}"), max_attempts=1)
    async with app, app.worker():
        await app.backend.jobs.enqueue_many([first, second])
        with pytest.raises(JobFailed, match="the arguments cannot be read: 'cents'"):
            await app.job(first.id).result(timeout=PATIENCE_S)
        with pytest.raises(JobFailed, match="the upcast from version 2 answers the new arguments; got 5"):
            await app.job(second.id).result(timeout=PATIENCE_S)


def test_an_upcast_must_begin_at_an_older_version_and_once(app: Headrace) -> None:
    pay = pay_of(app)
    for wrong in (0, 3, "1"):
        with pytest.raises(ConfigError, match="from_version is an older version, from 1 to 2; got"):
            pay.upcast(from_version=wrong)(lambda args: args)
    with pytest.raises(UsageError, match="there is an upcast from version 1 already"):
        pay.upcast(from_version=1)(lambda args: args)
    assert sorted(pay.upcasts) == [1, 2]


def test_a_migrated_payload_is_what_this_version_stores(app: Headrace) -> None:
    pay = pay_of(app)

    class Stored:
        id, codec, task_version, payload = "1", "json", 1, b'{"euros":5}'

    assert pay.migrated(Stored()) == pay.call(500, currency="EUR").payload
    Stored.payload = b"[]"
    with pytest.raises(InvalidArguments, match="are no object with names"):
        pay.migrated(Stored())


@given(version=st.integers(1, 9), newest=st.integers(1, 9))
def test_the_steps_are_taken_in_order_from_the_jobs_version_to_the_newest(version: int, newest: int) -> None:
    chain = Upcasts("t", newest)
    for each in range(1, newest):
        step = Upcast(from_version=each, function=lambda args, each=each: {"path": [*args["path"], each]})  # type: ignore[misc]
        chain.add(step)
    if version > newest:
        with pytest.raises(InvalidArguments, match=f"is version {newest} here"):
            chain.apply(version, {"path": []})
    else:
        assert chain.apply(version, {"path": []}) == {"path": list(range(version, newest))}
