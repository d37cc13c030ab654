"""Alarms on dead letters: once for each time that it comes to that."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from headrace import Headrace
from headrace.backends.memory import MemoryBackend
from headrace.engine.dead_watch import DeadDepth, DeadWatch
from headrace.errors import ConfigError
from headrace.model.job import ErrorInfo
from headrace.model.outcome import Failed
from headrace.telemetry import Telemetry
from headrace.testing.conformance.builders import begin, finish


@pytest.fixture
async def app() -> AsyncIterator[Headrace]:
    async with Headrace(backend=MemoryBackend()) as app:
        yield app


async def die(app: Headrace, queue: str = "mail") -> str:
    claimed = await begin(app.backend, queue=queue)
    await finish(app.backend, claimed, Failed(error=ErrorInfo(type="E", message="no")))
    return claimed.job.id


def watch(app: Headrace, telemetry: Telemetry | None = None) -> DeadWatch:
    return DeadWatch(app.backend, app._dead_alarms, gate=lambda: True, telemetry=telemetry or Telemetry())


async def test_an_alarm_rings_once_for_each_time_that_it_comes_to_that(app: Headrace) -> None:
    heard: list[DeadDepth] = []
    app.on_dead(queue="mail", depth=2)(heard.append)
    looking = watch(app)
    await die(app, "other")
    first = await die(app)
    await looking.tick()
    assert heard == []
    await die(app)
    await looking.tick()
    await die(app)
    await looking.tick()
    assert heard == [DeadDepth(queue="mail", depth=2, dead=2)]
    await app.discard([first, *[job.id for job in (await app.find(states=["dead"], queues=["mail"])).items]])
    await looking.tick()
    await die(app)
    await die(app)
    await looking.tick()
    assert [found.dead for found in heard] == [2, 2]


async def test_without_a_queue_all_are_counted_together(app: Headrace) -> None:
    heard: list[DeadDepth] = []

    @app.on_dead(depth=2)
    async def tell(found: DeadDepth) -> None:
        heard.append(found)

    await die(app, "a")
    await die(app, "b")
    await watch(app).tick()
    assert heard == [DeadDepth(queue=None, depth=2, dead=2)]


async def test_of_two_leaders_one_rings(app: Headrace) -> None:
    heard: list[DeadDepth] = []
    app.on_dead(depth=1)(heard.append)
    await die(app)
    await watch(app).tick()
    await watch(app).tick()
    assert len(heard) == 1


async def test_an_alarm_is_an_event_too_and_its_failure_stops_nothing(app: Headrace) -> None:
    heard: list[tuple[str, dict[str, Any]]] = []
    telemetry = Telemetry()
    telemetry.attach(lambda name, attributes: heard.append((name, attributes)))

    @app.on_dead(depth=1)
    def fail(found: DeadDepth) -> None:
        raise RuntimeError

    @app.on_dead(queue="mail", depth=1)
    def other(found: DeadDepth) -> None: ...

    await die(app)
    await watch(app, telemetry).tick()
    assert [attributes["queue"] for name, attributes in heard if name == "dead.depth"] == [None, "mail"]


@pytest.mark.parametrize(("queue", "depth"), [("mail", 0), ("a b", 1), (None, True)])
def test_an_alarm_that_cannot_ring_is_refused(queue: str | None, depth: int) -> None:
    with pytest.raises(ConfigError):
        Headrace("memory://").on_dead(queue=queue, depth=depth)
