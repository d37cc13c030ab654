"""Hears signals of the store, and begins again when hearing fails. Signals are hints: nothing depends on them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection

from headrace.engine.backoff import Backoff
from headrace.engine.service import Service
from headrace.storage.signals import SignalBus

log = logging.getLogger("headrace")


class Listener(Service):
    """Calls ``hear(name)`` for every topic ``KIND:name`` of the kinds; ``*`` stands for any name."""

    def __init__(self, signals: SignalBus, kinds: Collection[str], hear: Callable[[str], None]) -> None:
        super().__init__(f"listener for {', '.join(sorted(kinds))}")
        self._signals = signals
        self._kinds = kinds
        self._hear = hear
        self._backoff = Backoff()

    async def _begin(self) -> None:
        self._spawn(self._listen_always())

    async def _listen_always(self) -> None:
        while True:
            try:
                await self._listen()
            except Exception as error:
                if self._backoff.failures == 0:
                    log.warning("%s failed, and will be tried again; polling goes on: %r", self.name, error)
            await asyncio.sleep(self._backoff.failed())

    async def _listen(self) -> None:
        async with self._signals.subscribe(self._kinds) as topics:
            # Whatever was signalled before, or while it could not hear, was not heard.
            self._hear("*")
            async for topic in topics:
                self._backoff.succeeded()
                self._hear(topic.partition(":")[2])
