from __future__ import annotations

import asyncio
import ctypes
import time
from collections.abc import Callable
from typing import Any

import pytest

from headrace.engine.watchdog import Watchdog, _Probe
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
    assert watchdog.lag_s is not None
    assert watchdog.lag_s > 0.3
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


async def test_code_that_holds_the_interpreters_lock_is_told_with_its_stack() -> None:
    telemetry = Telemetry()
    events: list[dict[str, Any]] = []
    telemetry.attach(lambda name, attributes: events.append(attributes))
    watchdog = Watchdog(WorkerId("w-1"), seconds(0.25), telemetry)
    await watchdog.start()
    hold_the_lock(2_000_000)
    await watchdog.stop()
    (event,) = events
    assert event["gil"] is True
    assert event["blocked_s"] > 1
    assert "hold_the_lock" in event["stack"]


def hold_the_lock(microseconds: int) -> None:
    # PyDLL calls C without letting go of the lock, as a careless extension does.
    ctypes.PyDLL(None).usleep(microseconds)


async def test_an_idle_loop_is_not_reported(caplog: pytest.LogCaptureFixture) -> None:
    watchdog = Watchdog(WorkerId("w-1"), seconds(0.25), Telemetry(), watch_gil=False)
    await watchdog.start()
    await asyncio.sleep(0)
    await watchdog.stop()
    assert not caplog.records
