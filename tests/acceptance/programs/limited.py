"""Enqueues until the file may not grow any more, and goes on when it may: RLIMIT_FSIZE stands for a full disk."""

from __future__ import annotations

import asyncio
import resource
import signal

from headrace.errors import Unavailable
from tests.acceptance.programs.common import Orders, make_app, read_orders, say

ROOM = 2 << 20
PAYLOAD_MAX_CALLS = 10_000


async def main(orders: Orders) -> None:
    """Fill the file, tell how that was refused, lift the limit, and enqueue once more."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    app = make_app(orders)
    effect = app.find_task("effect")
    async with app:
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, hard))
        try:
            for number in range(PAYLOAD_MAX_CALLS):
                handles = await app.enqueue_many([effect.call(number) for _ in range(100)])
                say("acknowledged", ids=[handle.id for handle in handles])
        except Unavailable as error:
            say("refused", kind=type(error).__name__, text=str(error))
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        handle = await effect.enqueue(0)
        say("acknowledged", ids=[handle.id])
    say("stopped")


if __name__ == "__main__":
    asyncio.run(main(read_orders()))
