"""The catalogue: what workers tell of their tasks when they start, readable without the code."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, NamedTuple

import msgspec
import pytest
from msgspec import structs

from headrace import Headrace, Never, Secret, seconds
from headrace.app.catalogue import BUCKET, describe, publish, publish_records
from headrace.backends.memory import MemoryBackend
from headrace.errors import InvalidArguments
from headrace.model.catalogue import TaskRecord
from headrace.storage.kv import Entry, Put
from headrace.tasks.describe import secret_paths
from headrace.testing.clock import FrozenClock


@dataclass
class Card:
    number: Annotated[str, Secret]
    holder: str = ""


async def pay(card: Card, cents: int, note: str = "") -> dict[str, int]:
    """Take money.

    And more.
    """
    return {}


@pytest.fixture
async def app(clock: FrozenClock) -> AsyncIterator[Headrace]:
    async with Headrace(backend=MemoryBackend(clock=clock)) as app:
        yield app


async def told(app: Headrace, *tasks: Any) -> list[TaskRecord]:
    await publish(app.backend.kv, tasks, app.backend.clock.now())
    return await app.catalogue()


async def test_a_worker_tells_of_its_tasks_when_it_starts(app: Headrace, clock: FrozenClock) -> None:
    app.task(name="pay", queue="money", timeout=seconds(5), redact=["note"], max_attempts=3)(pay)
    async with app.worker():
        [record] = await app.catalogue()
    assert (record.name, record.version, record.queue, record.executor) == ("pay", 1, "money", "loop")
    assert (record.max_attempts, record.timeout_s, record.summary) == (3, 5.0, "Take money.")
    assert record.redact == ("note", "card.number")
    assert record.reference == f"{__name__}:pay"
    [version] = record.versions
    assert (version.version, version.created_at) == (1, clock.now())
    assert version.arguments is not None
    fields = version.arguments["$defs"]["Arguments"]
    assert fields["required"] == ["card", "cents"]
    assert fields["properties"]["note"] == {"type": "string"}
    assert version.result == {"type": "object", "additionalProperties": {"type": "integer"}}


async def test_telling_the_same_again_writes_nothing(app: Headrace, clock: FrozenClock) -> None:
    task = app.task(name="pay")(pay)
    assert await publish(app.backend.kv, [task], clock.now()) == 1
    clock.advance(timedelta(days=1))
    assert await publish(app.backend.kv, [task], clock.now()) == 0


def version_of(number: int, **upcasts: Any) -> Any:
    task = Headrace("memory://").task(name="pay", version=number, queue=f"q{number}")(pay)
    for each in range(1, number):
        task.upcast(from_version=each, **upcasts)(lambda args: args)
    return task


async def test_versions_keep_the_instant_they_were_first_told_of(app: Headrace, clock: FrozenClock) -> None:
    begun = clock.now()
    await told(app, version_of(1))
    clock.advance(timedelta(days=1))
    [record] = await told(app, version_of(2, deprecated="old", sunset=date(2030, 1, 1)))
    assert (record.version, record.readable, record.queue) == (2, (1,), "q2")
    first, second = record.versions
    assert (first.created_at, first.deprecated_at, first.sunset) == (begun, clock.now(), date(2030, 1, 1))
    assert first.arguments is not None
    assert (second.created_at, second.deprecated) == (clock.now(), None)


async def test_an_older_worker_takes_nothing_back(app: Headrace, clock: FrozenClock) -> None:
    [newer] = await told(app, version_of(2, deprecated="old"))
    assert newer.versions[0].arguments is None
    clock.advance(timedelta(days=1))
    [record] = await told(app, version_of(1))
    assert (record.version, record.queue) == (2, "q2")
    assert record.versions[0].deprecated == "old"
    assert record.versions[0].arguments is not None
    assert await told(app, version_of(2, deprecated="old")) == [record]


async def test_an_entry_that_cannot_be_read_is_left_out_and_written_anew(
    app: Headrace, caplog: pytest.LogCaptureFixture
) -> None:
    await app.backend.kv.put_many(BUCKET, [Put(key="pay", value=b"{}")])
    assert await app.catalogue() == []
    assert "the catalogue's entry of task pay cannot be read" in caplog.text
    assert [record.name for record in await told(app, version_of(1))] == ["pay"]


async def test_what_code_tells_while_a_worker_without_code_tells_it_too_stays(
    app: Headrace, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    kv, task = app.backend.kv, app.task(name="pay")(pay)
    look = kv.get_many

    async def look_just_before_the_code_tells(bucket: str, keys: Sequence[str]) -> list[Entry | None]:
        monkeypatch.undo()
        found = await look(bucket, keys)
        assert await publish(kv, [task], clock.now()) == 1
        return found

    monkeypatch.setattr(kv, "get_many", look_just_before_the_code_tells)
    await publish_records(kv, [structs.replace(describe(task, None, clock.now()), reference="", summary="by Go")])
    [record] = await app.catalogue()
    assert (record.reference, record.summary) == (task.reference, "Take money.")


async def test_a_worker_starts_without_its_catalogue(
    app: Headrace, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.task(name="pay")(pay)

    async def broken(bucket: str, keys: Any) -> Any:
        raise OSError("no")

    monkeypatch.setattr(app.backend.kv, "get_many", broken)
    async with app.worker() as worker:
        assert worker.health().ok
    assert "could not be told to the catalogue: OSError('no')" in caplog.text


async def test_the_log_of_a_failure_leaves_secrets_out(app: Headrace, caplog: pytest.LogCaptureFixture) -> None:
    @app.task(name="login", retry=Never())
    async def login(password: str) -> None:
        raise ValueError(f"no login with {password}")

    async with app.worker():
        job = await login.enqueue("hunter2")
        await app.settled(job.id, 20)
    assert "ValueError: no login with [redacted]; it is dead" in caplog.text
    assert "hunter2" not in caplog.text


def test_a_wrong_call_does_not_repeat_secrets() -> None:
    app = Headrace("memory://")
    task: Any = app.task(name="pay", redact=["note"])(pay)
    for wrong in ({"note": 123456}, {"card": Card("4111", 5)}):  # type: ignore[arg-type]
        with pytest.raises(InvalidArguments, match=r"(note=\[redacted\]|card=<Card>) does not fit") as error:
            task.call(**{"card": Card("4111"), "cents": 1, **wrong})
        assert "4111" not in str(error.value)
        assert "123456" not in str(error.value)
    assert repr(task.call(Card("4111"), 5, note="x")) == "<Call pay(<Card>, 5, [redacted])>"


def test_marks_are_found_in_every_kind_of_type() -> None:
    class Struct(msgspec.Struct, rename="camel"):
        card_number: Annotated[str, Secret]

    class Pair(NamedTuple):
        left: Annotated[str, Secret()]

    hints = {"a": Struct, "b": list[Card] | None, "c": dict[str, Pair], "d": Annotated[int, Secret], "e": str}
    found = [path for name, hint in hints.items() for path in secret_paths(hint, name)]
    assert found == ["a.cardNumber", "b.number", "c.*.left", "d"]
