"""A worker process. SIGTERM stops it in order, a second one at once."""

from __future__ import annotations

import asyncio
import signal
from datetime import timedelta
from typing import Any

from headrace.app.worker import AppWorker
from tests.acceptance.programs.clocks import make_clock
from tests.acceptance.programs.common import Orders, make_app, make_backend, read_orders, say


async def main(orders: Orders) -> None:
    """Work until told to stop."""
    app = make_app(orders, make_backend(orders, make_clock(orders.step_back_s)))
    worker = app.worker(
        queues={orders.queue: orders.slots},
        lease=timedelta(seconds=orders.lease_s),
        grace=timedelta(seconds=orders.grace_s),
        lag_warning=timedelta(seconds=orders.lag_s),
        upkeep=orders.upkeep,
        quarantine_after=None,  # workers are killed for no fault of their jobs, more often than anywhere
    )
    app.telemetry.attach(lambda name, fields: _tell(orders, name, fields))
    stops: set[asyncio.Task[None]] = set()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, _stop, worker, stops)
    async with app:
        # Told before the start, because a worker claims while it starts.
        say("born", worker=worker.id)
        await worker.start()
        say("ready", worker=worker.id)
        await worker.wait()
        if stops:
            await asyncio.wait(stops)
    say("stopped", worker=worker.id, failure=repr(worker.failure))


def _stop(worker: AppWorker, stops: set[asyncio.Task[None]]) -> None:
    say("stopping", now=bool(stops))
    stops.add(asyncio.ensure_future(worker.stop(now=bool(stops))))


def _tell(orders: Orders, name: str, fields: dict[str, Any]) -> None:
    if name in orders.tell:
        say(name, **fields)


if __name__ == "__main__":
    asyncio.run(main(read_orders()))
