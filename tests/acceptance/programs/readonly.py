"""A user without the right to write: root gives its rights up once everything is imported, and tries."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from tempfile import TemporaryDirectory

from headrace.errors import HeadraceError
from tests.acceptance.programs.common import Orders, make_app, read_orders, say

NOBODY = 65534


async def main(orders: Orders) -> None:
    """Enqueue as nobody, and tell how that was refused."""
    # Everything is imported by a first run: nobody may not be allowed to read the interpreter's own files.
    with TemporaryDirectory() as folder:
        await _enqueue(f"sqlite:///{Path(folder) / 'warm-up.db'}")
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    try:
        await _enqueue(orders.url)
    except HeadraceError as error:
        say("refused", kind=type(error).__name__, text=str(error))
    say("stopped")


async def _enqueue(url: str) -> None:
    app = make_app(Orders(url=url))
    async with app:
        await app.find_task("effect").enqueue(1)


if __name__ == "__main__":
    asyncio.run(main(read_orders()))
