from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from headrace.engine.watchdog import Watchdog, _GilTimer, _Probe
from headrace.model.durations import seconds
from headrace.model.ids import WorkerId
from headrace.telemetry import Telemetry


async def test_a_blocked_loop_is_told_once_with_the_stack_of_who_blocks(caplog: pytest.LogCaptureFixture) -> None:
    telemetry = Telemetry()
    events: list[dict[str, Any]] = []
    telemetry.attach(lambda name, attributes: events.append(attributes))
    watchdog = Watchdog(WorkerId("w-1"), seconds(0.3), telemetry, watch_gil=False)
    await watchdog.start()
    this_is_the_culprit()
    await watchdog.stop()
    (event,) = events
    assert event["gil"] is False
    assert "this_is_the_culprit" in event["stack"]
    assert "the event loop of worker w-1 stood still" in caplog.text


def this_is_the_culprit() -> None:
    time.sleep(1.2)  # What the watchdog is for: the loop does not turn.


async def test_the_watchdog_leaves_no_thread_behind() -> None:
    watchdog = Watchdog(WorkerId("w-1"), seconds(1), Telemetry(), watch_gil=False)
    for _ in range(20):
        await watchdog.start()
        await watchdog.stop()
        assert not watchdog._thread.is_alive()


class StoppedLoop:
    """Takes calls, and answers none until it is told to."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], None]] = []

    def call_soon_threadsafe(self, call: Callable[[], None]) -> None:
        self.calls.append(call)


def test_the_end_of_a_block_is_logged_with_its_length(caplog: pytest.LogCaptureFixture) -> None:
    told: list[float] = []
    loop = StoppedLoop()
    probe = _Probe(loop, 0, 0.0, lambda blocked_s, _stack: told.append(blocked_s))  # type: ignore[arg-type]
    for _ in range(4):
        probe.look()
    assert len(told) == 1
    loop.calls.pop()()
    probe.look()
    assert "the event loop answers again" in caplog.text


def test_the_timer_of_c_code_writes_the_stack_that_python_cannot() -> None:
    with _GilTimer(-0.99, enabled=True) as timer:
        timer.arm()
        deadline = time.monotonic() + 5
        text = ""
        while not text and time.monotonic() < deadline:
            # It stands for the code that holds the lock; there is no event for what a C thread writes.
            _spin_here()
            text = timer.stack()
        assert "_spin_here" in text or "test_the_timer" in text


def _spin_here() -> None:
    until = time.monotonic() + 0.05
    while time.monotonic() < until:
        pass


async def test_an_idle_loop_is_not_reported(caplog: pytest.LogCaptureFixture) -> None:
    watchdog = Watchdog(WorkerId("w-1"), seconds(0.25), Telemetry(), watch_gil=False)
    await watchdog.start()
    await asyncio.sleep(0)
    await watchdog.stop()
    assert not caplog.records
