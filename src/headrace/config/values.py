"""One setting's value: from text, from TOML, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal, get_args, get_origin

import msgspec

from headrace.config.keys import Key
from headrace.config.worker import CONCURRENCY_DEFAULT
from headrace.errors import ConfigError
from headrace.model.durations import parse_duration

_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_UNITS = (("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000))


def from_text(key: Key, text: str) -> Any:
    """Read what stands in the environment or on the command line. Raises ConfigError that names key and value."""
    kinds = _kinds(key)
    if text.strip().lower() in ("none", "") and type(None) in kinds:
        return None
    if bool in kinds:
        if text.strip().lower() not in _WORDS:
            raise ConfigError(f"{key.name} is true or false; got {text!r}")
        return _WORDS[text.strip().lower()]
    if _is_mapping(kinds):
        return from_toml(key, _pairs(key, text))
    if int in kinds and text.strip().lstrip("-").isdecimal():
        return from_toml(key, int(text))
    return from_toml(key, text)


def from_toml(key: Key, raw: Any) -> Any:
    """Take a value as TOML has it. Durations are text with a unit, ``none`` is none. Raises ConfigError."""
    kinds = _kinds(key)
    if type(None) in kinds and isinstance(raw, str) and raw.lower() == "none":
        return None
    if timedelta in kinds:
        value: Any = _duration(key, raw)
    elif bool not in kinds and isinstance(raw, bool):
        raise _wrong(key, raw)
    else:
        try:
            value = msgspec.convert(raw, key.kind)
        except msgspec.ValidationError:
            raise _wrong(key, raw) from None
    return _checked(key, value)


def to_toml(value: Any) -> str:
    """A value as it is written in TOML; reading it gives the same value.

    >>> to_toml(timedelta(minutes=90)), to_toml({"mail": 20}), to_toml(None)
    ('"1h30m"', '{ "mail" = 20 }', '"none"')
    """
    if value is None:
        return '"none"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, timedelta):
        return f'"{exact_duration(value)}"'
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{to_toml(str(name))} = {to_toml(each)}" for name, each in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(to_toml(each) for each in value) + "]"
    return repr(value)


def to_text(value: Any) -> str:
    """A value for people, as they may type it: ``30s``, ``mail=20,default=10``, ``none``."""
    if isinstance(value, Mapping):
        return ",".join(f"{name}={each}" for name, each in value.items())
    return to_toml(value).strip('"') if not isinstance(value, str) else value


def exact_duration(duration: timedelta) -> str:
    """A duration with nothing rounded off.

    >>> exact_duration(timedelta(hours=1, seconds=2.5)), exact_duration(timedelta(0))
    ('1h2s500ms', '0s')
    """
    left, parts = duration // timedelta(microseconds=1), []
    for unit, length in _UNITS:
        count, left = divmod(left, length)
        if count:
            parts.append(f"{count}{unit}")
    if left:
        parts.append(f"{left / 1000:.3f}ms")
    return "".join(parts) or "0s"


def kind_text(key: Key) -> str:
    """What may be written, for the reference.

    >>> from headrace.config.keys import all_keys
    >>> kind_text(all_keys()["worker.threads"]), kind_text(all_keys()["output.color"])
    ('number or none', 'auto, always or never')
    """
    kinds = _kinds(key)
    names = {bool: "true or false", int: "number", float: "number", str: "text", timedelta: "duration"}
    if get_origin(key.kind) is Literal:
        *most, last = [str(each) for each in get_args(key.kind)]
        return f"{', '.join(most)} or {last}" if most else last
    if _is_mapping(kinds):
        return "table of numbers"
    words = [names.get(kind, getattr(kind, "__name__", str(kind))) for kind in kinds if kind is not type(None)]
    return " or ".join(dict.fromkeys([*words, *(["none"] if type(None) in kinds else [])]))


def _kinds(key: Key) -> tuple[Any, ...]:
    origin = get_origin(key.kind)
    if origin is None or origin is Literal or _is_mapping((key.kind,)):
        return (key.kind,)
    return get_args(key.kind)


def _is_mapping(kinds: tuple[Any, ...]) -> bool:
    origin = get_origin(kinds[0])
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _pairs(key: Key, text: str) -> dict[str, Any]:
    pairs: dict[str, Any] = {}
    for part in filter(None, text.split(",")):
        name, separator, count = part.strip().rpartition("=")
        if not separator:
            name, count = part.strip(), str(CONCURRENCY_DEFAULT)
        if not count.strip().isdecimal():
            raise ConfigError(f"{key.name} is written NAME=N,NAME=N; got {text!r}")
        pairs[name.strip()] = int(count)
    return pairs


def _duration(key: Key, raw: Any) -> timedelta:
    if isinstance(raw, timedelta):
        return raw
    if not isinstance(raw, str):
        raise ConfigError(f'{key.name} is a duration with its unit, such as "30s" or "1h30m"; got {raw!r}')
    try:
        return parse_duration(raw)
    except (ConfigError, OverflowError) as error:
        raise ConfigError(f"{key.name}: {error}") from None


def _checked(key: Key, value: Any) -> Any:
    """What the value's own struct says about it: every field there is checked by itself."""
    try:
        key.owner(**{key.path[-1]: value})
    except ConfigError as error:
        raise ConfigError(f"{key.name}: {error}") from None
    return value


def _wrong(key: Key, raw: Any) -> ConfigError:
    return ConfigError(f"{key.name} is {kind_text(key)}; got {raw!r}")
