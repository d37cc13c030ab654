"""A process that enqueues and prints the ids that were acknowledged. ``count`` 0 goes on until SIGTERM."""

from __future__ import annotations

import asyncio
import signal

from tests.acceptance.programs.common import Orders, make_app, read_orders, say

PAUSE_S = 0.02
"""Between two calls, so that a run of many rounds does not make more jobs than its workers can run."""


async def main(orders: Orders) -> None:
    """Enqueue, and tell."""
    app = make_app(orders)
    enough = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, enough.set)
    effect = app.find_task("effect")
    number = 0
    async with app:
        say("ready")
        while not enough.is_set() and not 0 < orders.count <= number:
            batch = orders.batch if number % 2 else 1
            handles = await app.enqueue_many([effect.call(number + i) for i in range(batch)])
            say("acknowledged", ids=[handle.id for handle in handles])
            number += batch
            if not orders.count:
                await asyncio.sleep(PAUSE_S)
    say("stopped")


if __name__ == "__main__":
    asyncio.run(main(read_orders()))
