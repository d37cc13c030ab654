"""What a worker of :mod:`headrace.testing.processes` runs: the app's worker, telling its events as lines of JSON."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
from msgspec import Struct

from headrace.testing.targets import find_app


class Orders(Struct, frozen=True, kw_only=True):
    """JSON in the program's first argument."""

    target: str
    url: str
    queues: Mapping[str, int]
    lease: timedelta
    die_at: str | None = None


async def main(orders: Orders) -> None:
    """Work until SIGTERM."""
    app = find_app(orders.target)
    app.use_store(orders.url)

    def tell(name: str, attributes: dict[str, Any]) -> None:
        _say(name, attributes)
        if name == orders.die_at:
            os.kill(os.getpid(), signal.SIGKILL)
            signal.pause()

    app.telemetry.attach(tell)
    worker = app.worker(queues=orders.queues, lease=orders.lease)
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    async with worker:
        _say("ready", {"worker": worker.id})
        await stopping.wait()


def _say(name: str, attributes: dict[str, Any]) -> None:
    # In one write, so that a process that is killed has told an event wholly or not at all.
    os.write(1, msgspec.json.encode({"name": name, "attributes": attributes}, enc_hook=str) + b"\n")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(relativeCreated)d %(levelname)s %(message)s")
    asyncio.run(main(msgspec.json.decode(sys.argv[1], type=Orders)))
