"""The options that say when two jobs are the same work: from what a person writes to the key that a store is given.

A store knows one thing for ``unique``, ``debounce`` and ``throttle``: a key, and what an enqueue does that meets it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from hashlib import blake2b
from typing import Any, NamedTuple

from headrace.errors import ConfigError
from headrace.model.job import LIVE_STATES, REPLACEABLE_STATES, JobState, UniqueKey
from headrace.model.unique import Unique, sorted_states
from headrace.tasks.schema import ArgumentsSchema

UNIQUE_OPTIONS = frozenset({"unique", "debounce", "debounce_max", "throttle"})
"""The options that are not stored as they are, but as one UniqueKey."""

_DIGEST_BYTES = 16
"""128 bits: no two sets of arguments share a key by chance."""


_PLAIN = (set(LIVE_STATES), None, "return")
"""A policy that says nothing of states, period and conflicts: all that debounce and throttle leave it to say."""


class Uniqueness(NamedTuple):
    """What the options come to: the key, and the delay that a debounced job begins with."""

    key: UniqueKey
    delay: timedelta | None


def check_unique(name: str, value: Any) -> Unique | None:
    """The policy: True stands for all arguments, a text for an explicit key, False for none.

    >>> check_unique("unique", "welcome:7").key
    'welcome:7'
    """
    if value is None or value is False:
        return None
    if value is True:
        return Unique()
    if isinstance(value, str):
        return Unique(value)
    if isinstance(value, Unique):
        return value
    message = f"{name} is True (by all arguments), a key, or Unique(by=('user_id',)); got {value!r}"
    raise ConfigError(message)


def check_together(options: Mapping[str, Any], schema: ArgumentsSchema) -> None:
    """Refuse options that contradict each other, and names of arguments that the task does not have."""
    given = {name for name in UNIQUE_OPTIONS if options.get(name) is not None}
    if not given:
        return
    _refuse_rivals(given, options)
    unique = options.get("unique")
    if unique is None:
        return
    for pace in ("debounce", "throttle"):
        if pace in given and (set(sorted_states(unique.states)), unique.period, unique.on_conflict) != _PLAIN:
            message = f"{pace} decides states, period and on_conflict; give unique no more than key or by; got {unique}"
            raise ConfigError(message)
    known = schema.signature.parameters
    strange = [name for name in unique.by or () if name not in known]
    if strange:
        message = f"unique: by names {strange[0]!r}, which is no argument; there are: {', '.join(known) or 'none'}"
        raise ConfigError(message)


def _refuse_rivals(given: set[str], options: Mapping[str, Any]) -> None:
    if {"debounce", "throttle"} <= given:
        message = "give debounce (the last of a burst runs) or throttle (the first does), not both"
        raise ConfigError(message)
    if "debounce_max" in given and "debounce" not in given:
        message = f"debounce_max bounds debounce; give that too, got debounce_max={options['debounce_max']!r} alone"
        raise ConfigError(message)
    if "debounce_max" in given and options["debounce_max"] < options["debounce"]:
        message = (
            "debounce_max counts from the first enqueue, so it is at least debounce; got "
            f"debounce_max={options['debounce_max']} with debounce={options['debounce']}"
        )
        raise ConfigError(message)
    for name in ("delay", "run_at"):
        if "debounce" in given and options.get(name) is not None:
            message = f"debounce decides when the job runs; leave {name} out, or take debounce away with debounce=None"
            raise ConfigError(message)


def uniqueness(options: Mapping[str, Any], encoded: Callable[[Collection[str] | None], bytes]) -> Uniqueness:
    """What a job with these options is given, of which at least one of UNIQUE_OPTIONS is.

    ``encoded`` answers the arguments of these names, or all, in canonical form; it is asked only for keys made of them.
    """
    unique, debounce, throttle = options.get("unique") or Unique(), options.get("debounce"), options.get("throttle")
    text = unique.key if unique.key is not None else key_of(encoded(unique.by))
    states = sorted_states(unique.states)
    if debounce is not None:
        states, push_max = tuple(sorted(REPLACEABLE_STATES)), options.get("debounce_max")
        return Uniqueness(UniqueKey(key=text, states=states, on_conflict="replace", push_max=push_max), debounce)
    if throttle is not None:
        states = tuple(sorted(JobState))
        return Uniqueness(UniqueKey(key=text, states=states, on_conflict="drop", period=throttle), None)
    return Uniqueness(UniqueKey(key=text, states=states, on_conflict=unique.on_conflict, period=unique.period), None)


def key_of(encoded: bytes) -> str:
    """The key for arguments in their canonical form. It tells nothing of them, so it may be shown.

    >>> key_of(b'{"user_id":7}')
    'args:0a12e89f292d5d5c72caa10788e8da19'
    """
    return f"args:{blake2b(encoded, digest_size=_DIGEST_BYTES).hexdigest()}"
