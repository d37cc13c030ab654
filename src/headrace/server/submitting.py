"""From a request to a call: the task by its name, the arguments checked, the options as the library has them."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from msgspec import UNSET, structs

from headrace.errors import ConfigError
from headrace.model.unique import Unique
from headrace.server.auth import check_queue
from headrace.server.context import Context
from headrace.server.trace import TRACEPARENT
from headrace.tasks.call import Call
from headrace.wire.base import duration
from headrace.wire.jobs import SubmitJob, UniqueRule

_DURATIONS = frozenset({"delay", "expires_in", "timeout", "idempotency_window", "debounce", "debounce_max", "throttle"})
_OPTIONS = tuple(name for name in SubmitJob.__struct_fields__ if name not in ("task", "args", "version"))
_NONE_GIVEN = (UNSET,) * len(_OPTIONS)
_values = attrgetter(*_OPTIONS)


async def call_of(context: Context, request: SubmitJob) -> Call[Any]:
    """The call that a request asks for. Raises what the library raises for a task, an argument or an option."""
    version = None if request.version is UNSET else request.version
    call = await context.app.call_by_name(request.task, request.args, version=version)
    options = _options(request)
    if context.traceparent is not None:
        options["meta"] = {TRACEPARENT: context.traceparent, **options.get("meta", {})}
    if options:
        try:
            call = call.options(**options)
        except OverflowError as error:
            raise ConfigError(f"an instant cannot be kept in UTC: {error}") from None
    if context.principal.queues is not None:
        check_queue(context.principal, call.queue)
    return call


def _options(request: SubmitJob) -> Any:
    options: dict[str, Any] = {}
    values = _values(request)
    if values == _NONE_GIVEN:  # as most are
        return options
    for name, value in zip(_OPTIONS, values, strict=True):
        if value is UNSET:
            continue
        if name in _DURATIONS:
            value = duration(name, value)
        elif isinstance(value, UniqueRule):
            value = _unique(value)
        options[name] = value
    return options


def _unique(rule: UniqueRule) -> Unique:
    given = {name: value for name, value in structs.asdict(rule).items() if value is not UNSET}
    return Unique(**{**given, "period": duration("unique.period", rule.period)})
