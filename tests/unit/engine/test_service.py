from __future__ import annotations

import asyncio
import logging
import random
from datetime import timedelta

import pytest

from headrace.engine.service import Periodic, Service, Supervisor


class Counting(Service):
    """Owns one task while it runs, and counts how many there are."""

    def __init__(self) -> None:
        super().__init__("counting")
        self.alive = 0

    async def _begin(self) -> None:
        self._spawn(self._live())
        await asyncio.sleep(0)

    async def _live(self) -> None:
        self.alive += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.alive -= 1


async def test_a_service_survives_hundreds_of_concurrent_starts_and_stops() -> None:
    service = Counting()
    order = random.Random(1)

    async def shake() -> None:
        for _ in range(100):
            await (service.start() if order.random() < 0.5 else service.stop())
            assert service.alive <= 1

    async with asyncio.TaskGroup() as group:
        for _ in range(10):
            group.create_task(shake())
    await service.stop()
    assert service.alive == 0
    assert not service._tasks


async def test_stopping_before_starting_and_twice_does_nothing() -> None:
    service = Counting()
    await service.stop()
    await service.start()
    await service.stop()
    await service.stop()
    assert not service.running


async def test_a_start_that_fails_leaves_no_task_behind() -> None:
    class Broken(Counting):
        async def _begin(self) -> None:
            await super()._begin()
            raise OSError("no luck")

    service = Broken()
    with pytest.raises(OSError, match="no luck"):
        await service.start()
    assert service.alive == 0
    assert not service.running


async def test_a_task_that_ends_by_an_error_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    class Failing(Service):
        async def _begin(self) -> None:
            self.task = self._spawn(self._fail())

        async def _fail(self) -> None:
            raise OSError("gone")

    service = Failing("failing")
    await service.start()
    await asyncio.wait([service.task])
    await service.stop()
    assert "failing ended by an error" in caplog.text


class Rounds(Periodic):
    """Tells of each round, and fails in those it is told to fail in."""

    def __init__(self, interval: timedelta = timedelta(hours=1), **options: object) -> None:
        super().__init__("rounds", interval, **options)  # type: ignore[arg-type]
        self.rounds: asyncio.Queue[int] = asyncio.Queue()
        self.count = 0
        self.errors: dict[int, Exception] = {}
        self.soon: timedelta | None = None

    async def tick(self) -> timedelta | None:
        self.count += 1
        self.rounds.put_nowait(self.count)
        if self.count in self.errors:
            raise self.errors[self.count]
        return self.soon


async def test_a_round_takes_place_at_the_start_and_at_every_nudge() -> None:
    duty = Rounds()
    await duty.start()
    assert await duty.rounds.get() == 1
    duty.nudge()
    assert await duty.rounds.get() == 2
    await duty.stop()


async def test_nudges_within_the_calm_after_a_round_make_one_round() -> None:
    duty = Rounds(calm=timedelta(seconds=0.1))
    await duty.start()
    assert await duty.rounds.get() == 1
    for _ in range(20):
        duty.nudge()
        await asyncio.sleep(0)
    assert await duty.rounds.get() == 2
    assert duty.rounds.empty()
    await duty.stop()


async def test_a_round_that_asks_for_the_next_at_once_gets_it_in_the_calm_too() -> None:
    duty = Rounds(calm=timedelta(hours=1))
    duty.soon = timedelta(0)
    await duty.start()
    while await duty.rounds.get() < 5:
        pass
    await duty.stop()


async def test_a_round_may_say_how_soon_the_next_one_is() -> None:
    duty = Rounds()
    duty.soon = timedelta(0)
    await duty.start()
    while await duty.rounds.get() < 5:
        pass
    await duty.stop()


async def test_errors_of_rounds_are_logged_once_for_each_outage(caplog: pytest.LogCaptureFixture) -> None:
    duty = Rounds(noise=lambda: 0.0)
    duty.errors = {1: OSError("down"), 2: OSError("down"), 4: OSError("down")}
    caplog.set_level(logging.INFO, "headrace")
    await duty.start()
    for expected in (1, 2, 3, 4, 5):
        assert await duty.rounds.get() == expected
        duty.nudge()
    await duty.stop()
    assert caplog.text.count("rounds failed") == 2
    assert caplog.text.count("rounds works again") == 2


async def test_no_round_takes_place_while_the_gate_is_closed() -> None:
    asked = asyncio.Event()

    def gate() -> bool:
        asked.set()
        return False

    duty = Rounds(gate=gate)
    await duty.start()
    await asked.wait()
    await duty.stop()
    assert duty.count == 0


class Noting(Service):
    """Notes when it begins and ends."""

    def __init__(self, name: str, notes: list[str], *, fail: bool = False) -> None:
        super().__init__(name)
        self._notes = notes
        self._fail = fail

    async def _begin(self) -> None:
        if self._fail:
            raise OSError(self.name)
        self._notes.append(f"+{self.name}")

    async def _end(self) -> None:
        self._notes.append(f"-{self.name}")


async def test_a_supervisor_starts_in_order_and_stops_in_reverse() -> None:
    notes: list[str] = []
    supervisor = Supervisor("all", [Noting("a", notes), Noting("b", notes)])
    await supervisor.start()
    await supervisor.stop()
    assert notes == ["+a", "+b", "-b", "-a"]


async def test_a_supervisor_whose_second_service_fails_stops_the_first() -> None:
    notes: list[str] = []
    supervisor = Supervisor("all", [Noting("a", notes), Noting("b", notes, fail=True)])
    with pytest.raises(OSError, match="b"):
        await supervisor.start()
    assert notes == ["+a", "-a"]


async def test_a_round_whose_cancellation_comes_out_as_another_error_ends_the_service_all_the_same() -> None:
    class Stubborn(Rounds):
        async def tick(self) -> timedelta | None:
            self.rounds.put_nowait(1)
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                raise TimeoutError("a driver's own") from None
            return None

    duty = Stubborn()
    await duty.start()
    await duty.rounds.get()
    async with asyncio.timeout(10):
        await duty.stop()
