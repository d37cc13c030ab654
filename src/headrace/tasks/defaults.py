"""What tasks have in common: defaults of an app and of a blueprint, and how they are laid over one another.

The nearest word counts: what is given for one job, then for its task, then for the task's blueprint, then for the app.
A value replaces the one below it whole: tags and meta are not merged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, TypedDict

from headrace.errors import ConfigError
from headrace.model.job import PriorityWord
from headrace.model.payload import CODEC_DEFAULT
from headrace.model.retry import Exponential, RetryPolicy
from headrace.model.unique import Unique
from headrace.tasks.options import check_options


class TaskDefaults(TypedDict, total=False):
    """What an app or a blueprint can say for all its tasks: ``Headrace(defaults=TaskDefaults(queue="mail"))``.

    ``retry`` and ``keep_result`` are explained at :class:`~headrace.tasks.define.TaskSettings`, the others at
    :class:`~headrace.tasks.options.JobOptions`. ``None`` takes a default of the level below away again.
    """

    queue: str
    priority: int | PriorityWord
    retry: RetryPolicy
    max_attempts: int
    timeout: timedelta | None
    codec: str
    tags: Sequence[str]
    meta: Mapping[str, Any]
    expires_in: timedelta | None
    unique: bool | str | Unique | None
    debounce: timedelta | None
    debounce_max: timedelta | None
    throttle: timedelta | None
    partition: str | None
    keep_result: bool


OF_JOBS = (
    "queue", "priority", "max_attempts", "timeout", "codec", "tags", "meta", "expires_in",
    "unique", "debounce", "debounce_max", "throttle", "partition",
)  # fmt: skip
"""The settings that become options of each job."""

OF_RUNS = ("retry", "keep_result")
"""The settings that the worker looks up at the task."""

BUILT_IN: Mapping[str, Any] = {"codec": CODEC_DEFAULT, "retry": Exponential(), "keep_result": True}


def check_defaults(where: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The given defaults in the form they are stored in. Raises ConfigError naming ``where``, field and value.

    >>> check_defaults("Blueprint", {"priority": "high"})
    {'priority': 7}
    """
    for name in given:
        if name not in OF_JOBS and name not in OF_RUNS:
            message = f"{where} has no setting {name!r}; there are: {', '.join(sorted(OF_JOBS + OF_RUNS))}"
            raise ConfigError(message)
    layer = check_options({name: given[name] for name in OF_JOBS if name in given})
    if "retry" in given:
        layer["retry"] = _check_retry(given["retry"])
    if "keep_result" in given:
        layer["keep_result"] = bool(given["keep_result"])
    return layer


def layered(layers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One layer of all, the later ones first. A retry policy brings its number of attempts along.

    >>> from headrace.model.retry import Fixed
    >>> layered([{"max_attempts": 9}, {"retry": Fixed(attempts=3)}])["max_attempts"]
    3
    """
    merged: dict[str, Any] = {}
    for layer in (BUILT_IN, *layers):
        if "retry" in layer:
            merged["max_attempts"] = layer["retry"].attempts
        merged |= layer
    return merged


def _check_retry(retry: Any) -> RetryPolicy:
    if isinstance(retry, type) or not callable(getattr(retry, "delay", None)) or not hasattr(retry, "attempts"):
        message = f"retry is a policy, such as Exponential(attempts=8), Fixed() or Never(); got {retry!r}"
        raise ConfigError(message)
    policy: RetryPolicy = retry
    return policy
