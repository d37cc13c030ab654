"""From a URL to a backend, which is imported only now and by name, so that nobody pays for a store they do not use."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from types import ModuleType
from typing import cast

from headrace.errors import ConfigError
from headrace.storage.backend import Backend

GROUP = "headrace.backends"
"""The entry point group in which a package offers a backend: ``scheme = "package.module:Class"``."""

# The built-in ones are found without a look at the installed packages, which takes longer than all of headrace.
_BUILT_IN = {
    "memory": "headrace.backends.memory:MemoryBackend",
    "sqlite": "headrace.backends.sqlite:SqliteBackend",
    "postgresql": "headrace.backends.postgres:PostgresBackend",
    "postgres": "headrace.backends.postgres:PostgresBackend",
}

_SHORT = "postgres"
"""Taken for ``postgresql``, as libpq does, and not told of."""

_EXTRAS = {"asyncpg": "postgres"}
"""By the driver that a backend imports: what to install for it."""

_PLANNED = {
    "redis": "Redis",
    "rediss": "Redis",
    "valkey": "Valkey",
    "nats": "NATS JetStream",
}

_EXAMPLE = (
    "such as sqlite:///headrace.db (a file beside the program), sqlite:////var/lib/jobs.db, "
    "postgresql://user@host/database or memory://"
)


def make_backend(url: str) -> Backend:
    """The backend that serves ``url``; not yet open. Raises ConfigError that says what would be accepted.

    >>> make_backend("memory://").url
    'memory://'
    >>> make_backend("sqlight:///jobs.db")
    Traceback (most recent call last):
    headrace.errors.ConfigError: url: no backend for 'sqlight://'; did you mean 'sqlite://'? Known: memory, ...
    """
    if not isinstance(url, str) or "://" not in url:
        # A URL may hold a password, so only what is plainly none is repeated.
        message = f"url is {_EXAMPLE}; got {url!r}" if "@" not in str(url) else f"url is {_EXAMPLE}"
        raise ConfigError(message)
    scheme = url.partition("://")[0].lower()
    target = _BUILT_IN.get(scheme) or _installed().get(scheme)
    if target is None and scheme in ("http", "https"):
        raise ConfigError(f"url is the address of a server, and this needs the store itself: {_EXAMPLE}")
    if target is None:
        raise ConfigError(_unknown(scheme))
    module, _, name = target.partition(":")
    return cast("Backend", getattr(_imported(module, scheme), name)(url))


def _imported(module: str, scheme: str) -> ModuleType:
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get(error.name or "")
        if extra is None:
            raise
        raise ConfigError(
            f"url: {scheme}:// needs {error.name}, which is not installed: pip install 'headrace[{extra}]'"
        ) from error


def _installed() -> dict[str, str]:
    from importlib.metadata import entry_points

    return {entry.name: entry.value for entry in entry_points(group=GROUP)}


def _unknown(scheme: str) -> str:
    known = sorted({*_BUILT_IN, *_installed()} - {_SHORT})
    if scheme in _PLANNED:
        return (
            f"url: {_PLANNED[scheme]} is not in this release yet. Known: {', '.join(known)}; "
            "start with sqlite:///headrace.db"
        )
    near = get_close_matches(scheme, known, n=1)
    hint = f"; did you mean '{near[0]}://'?" if near else "."
    return f"url: no backend for '{scheme}://'{hint} Known: {', '.join(known)}"
