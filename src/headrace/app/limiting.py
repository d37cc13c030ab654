"""What people ask of limits and of the order of queues: set them, change them while workers run, look at them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, TypedDict, Unpack

import msgspec
from msgspec import structs

from headrace.config import check_queue_name
from headrace.errors import ConfigError
from headrace.model.limits import Limit, LimitScope, LimitTarget, LimitUsage, Rate, parse_rate
from headrace.model.queue import QueueSettings
from headrace.storage.backend import Backend
from headrace.storage.kv import Put

DECLARED_BUCKET = "declared-queues"
"""What the code of some worker declared last of each queue: a change of it is applied, a mere restart is not."""


class Figures(TypedDict, total=False):
    """What a limit can hold. Only what is given changes; None takes a figure away.

    concurrency: how many jobs run at once.
    rate: how many begin in a span of time: ``Rate(100, per=seconds(1))`` or ``"100/s"``.
    """

    concurrency: int | None
    rate: Rate | str | None


class QueueOptions(Figures, total=False):
    """What can be set of a queue. Only what is given changes; None takes a limit, or the ageing, away.

    key_concurrency: how many jobs of each key run at once. A job's key is its option ``partition``.
    key_rate: how many jobs of each key begin in a span of time.
    fair: True lets keys take turns within a priority.
    ordered: True runs the jobs of a key one at a time, strictly in the order of enqueuing, also across retries.
    ageing: a waiting job gains a level of priority each time this long has passed.
    """

    key_concurrency: int | None
    key_rate: Rate | str | None
    fair: bool
    ordered: bool
    ageing: timedelta | None


_OF_QUEUE = ("concurrency", "rate")
_OF_KEYS = {"key_concurrency": "concurrency", "key_rate": "rate"}
_OF_ORDER = ("fair", "ordered", "ageing")


class Limiting:
    """Limits and orders, through a backend that is open."""

    @property
    def backend(self) -> Backend:
        """The stores."""
        raise NotImplementedError

    async def configure_queue(self, queue: str, **options: Unpack[QueueOptions]) -> None:
        """Change limits and order of a queue, from the next claim on, for every worker; what runs, runs on.

        See :class:`~headrace.app.limiting.QueueOptions`. Raises ConfigError that names the field and the value.
        """
        checked = check_queue_options(queue, options)
        order = {name: checked[name] for name in _OF_ORDER if name in checked}
        if order:
            store = self.backend.queues
            known = {settings.name: settings for settings in await store.all()}
            await store.configure_many([structs.replace(known.get(queue, QueueSettings(name=queue)), **order)])
        await self._set_limits(
            {
                LimitTarget(LimitScope.QUEUE, queue): {name: checked[name] for name in _OF_QUEUE if name in checked},
                LimitTarget(LimitScope.KEYS, queue): {
                    figure: checked[name] for name, figure in _OF_KEYS.items() if name in checked
                },
            }
        )

    async def limit(self, target: str | LimitTarget, **figures: Unpack[Figures]) -> None:
        """Limit ``store``, ``queue:QUEUE``, ``task:TASK``, ``keys:QUEUE`` (each key) or ``key:QUEUE:KEY`` (one key).

        ``await app.limit("task:app.report", concurrency=3, rate="10/m")`` holds over all workers of the store, from the
        next claim on; what runs when a limit is lowered runs on. With both figures None it is gone; a single key then
        has no limit, whatever is set for each (``remove_limit`` puts it back under that).
        """
        await self._set_limits({_target(target): _check_figures(figures)})

    async def remove_limit(self, target: str | LimitTarget) -> bool:
        """Take a limit away; answers whether there was one."""
        [removed] = await self.backend.limits.remove_many([_target(target)])
        return removed

    async def limits(self) -> list[LimitUsage]:
        """Every limit, with what is in use of it, who holds it, who waits and when the next token comes."""
        usages = await self.backend.limits.usage([limit.target for limit in await self.backend.limits.all()])
        return [usage for usage in usages if usage is not None]

    async def limit_usage(self, target: str | LimitTarget) -> LimitUsage | None:
        """How one limit stands; None where nothing limits that target. For a key, also the limit of each key counts."""
        [usage] = await self.backend.limits.usage([_target(target)])
        return usage

    async def _set_limits(self, changes: Mapping[LimitTarget, Mapping[str, Any]]) -> None:
        store = self.backend.limits
        known = {limit.target: limit for limit in await store.all()}
        changed = [
            structs.replace(known.get(target, Limit(target=target)), **figures)
            for target, figures in changes.items()
            if figures or target.scope is LimitScope.KEY
        ]
        if changed:
            await store.set_many(changed)


class QueueDeclarations:
    """What the code says of its queues. It is put into the store when a worker starts, if it has changed since.

    So a change made while workers run stays through their restarts, until the code says something else.
    """

    def __init__(self) -> None:
        self._declared: dict[str, dict[str, Any]] = {}

    def add(self, queue: str, options: Mapping[str, Any]) -> None:
        """Declare a queue. Raises ConfigError for a wrong option, and for a second declaration of the queue."""
        if queue in self._declared:
            raise ConfigError(f"queue {queue!r} is declared twice: say all of it in one app.queue({queue!r}, ...)")
        self._declared[queue] = check_queue_options(queue, options)

    async def apply(self, limiting: Limiting) -> None:
        """Put into the store what was declared otherwise the last time."""
        if not self._declared:
            return
        kv = limiting.backend.kv
        queues = list(self._declared)
        stored = await kv.get_many(DECLARED_BUCKET, queues)
        for queue, entry in zip(queues, stored, strict=True):
            declared = msgspec.json.encode(self._declared[queue], order="deterministic")
            if entry is None or entry.value != declared:
                await limiting.configure_queue(queue, **self._declared[queue])
                await kv.put_many(DECLARED_BUCKET, [Put(key=queue, value=declared)])


def check_queue_options(queue: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options, with rates read. Raises ConfigError that names the field, the value and what is accepted.

    >>> check_queue_options("mail", {"rate": "100/s", "fair": True})["rate"].count
    100
    >>> check_queue_options("mail", {"fare": True})
    Traceback (most recent call last):
    headrace.errors.ConfigError: a queue has no option 'fare'; there are: concurrency, ...
    """
    check_queue_name(queue)
    names = (*_OF_QUEUE, *_OF_KEYS, *_OF_ORDER)
    for name, value in options.items():
        if name not in names:
            raise ConfigError(f"a queue has no option {name!r}; there are: {', '.join(names)}")
        if name in ("fair", "ordered") and not isinstance(value, bool):
            raise ConfigError(f"{name} of queue {queue!r} is True or False; got {value!r}")
        if name == "ageing" and not (value is None or isinstance(value, timedelta)):
            raise ConfigError(f"ageing of queue {queue!r} is a timedelta, such as minutes(10), or None; got {value!r}")
    checked: dict[str, Any] = {
        name: _rate(name, value) if name.endswith("rate") else value for name, value in options.items()
    }
    # Made here for its checks, so that a wrong figure is found where it is declared.
    Limit(target=LimitTarget(LimitScope.QUEUE, queue), concurrency=checked.get("concurrency"))
    Limit(target=LimitTarget(LimitScope.KEYS, queue), concurrency=checked.get("key_concurrency"))
    QueueSettings(name=queue, ageing=checked.get("ageing"))
    return checked


def _check_figures(figures: Mapping[str, Any]) -> dict[str, Any]:
    for name in figures:
        if name not in _OF_QUEUE:
            raise ConfigError(f"a limit has no figure {name!r}; there are: {', '.join(_OF_QUEUE)}")
    return {name: _rate(name, value) if name == "rate" else value for name, value in figures.items()}


def _rate(name: str, value: Any) -> Rate | None:
    if value is None or isinstance(value, Rate):
        return value
    if isinstance(value, str):
        return parse_rate(value)
    raise ConfigError(f"{name} is a rate, such as Rate(100, per=seconds(1)) or '100/s', or None; got {value!r}")


def _target(target: str | LimitTarget) -> LimitTarget:
    return target if isinstance(target, LimitTarget) else LimitTarget.parse(target)
