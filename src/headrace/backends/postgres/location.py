"""Where the database is: the URL, and what headrace takes from it for itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from headrace.errors import ConfigError

SCHEMA_DEFAULT = "headrace"
CONNECTIONS_DEFAULT = 5
"""Enqueue, claim, finish and a read can be under way at once, and one connection listens."""

CONNECTIONS_MIN = 2
TIMEOUT_S_DEFAULT = 20.0
"""A call that the server has not answered for so long is given up with its connection, which may lead nowhere. Work has
to go on within half a minute of a fault."""

_OURS = ("connections", "schema", "pgbouncer", "timeout")
_PASSWORD = re.compile(r"(://[^:/@?]*:)[^@/]*@")
_PARAMETER = re.compile(r"([?&](?:ssl)?password=)[^&]*")
_SCHEMA_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """The database, and how it is used.

    dsn: what the driver gets.
    schema: the PostgreSQL schema that everything lives in.
    connections: the most connections a process opens for it, the listening one included.
    timeout: seconds after which an unanswered call is given up, with its connection.
    pgbouncer: transactions are pooled between here and the server: no prepared statements, no LISTEN. None: find out.
    """

    dsn: str
    schema: str = SCHEMA_DEFAULT
    connections: int = CONNECTIONS_DEFAULT
    timeout: float = TIMEOUT_S_DEFAULT
    pgbouncer: bool | None = None


def parse_url(url: str) -> Location:
    """Read ``postgresql://user@host/database``, with headrace's own options among those after the question mark.

    >>> location = parse_url("postgresql://app@db/shop?schema=jobs&sslmode=require")
    >>> location.dsn, location.schema, location.connections
    ('postgresql://app@db/shop?sslmode=require', 'jobs', 5)

    Where several hosts are named, the one that is the primary is used, at every connect anew.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres") or not parts.netloc:
        raise ConfigError(f"{masked(url)!r} is no PostgreSQL URL. Write postgresql://user@host:5432/database")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    ours = {name: options.pop(name) for name in _OURS if name in options}
    if "," in parts.netloc:
        options.setdefault("target_session_attrs", "primary")
    for name in options:
        near = get_close_matches(name, _OURS, 1, 0.7)
        if near:
            raise ConfigError(f"{masked(url)!r} has the unknown option {name!r}; did you mean {near[0]!r}?")
    return Location(
        dsn=urlunsplit(("postgresql", parts.netloc, parts.path, urlencode(options), "")),
        schema=_schema(ours.get("schema", SCHEMA_DEFAULT)),
        connections=_connections(ours.get("connections", str(CONNECTIONS_DEFAULT))),
        timeout=_timeout(ours.get("timeout", str(TIMEOUT_S_DEFAULT))),
        pgbouncer=_yes("pgbouncer", ours["pgbouncer"]) if "pgbouncer" in ours else None,
    )


def masked(url: str) -> str:
    """The URL without its password.

    >>> masked("postgresql://app:secret@db/shop")
    'postgresql://app:***@db/shop'
    """
    return _PARAMETER.sub(r"\1***", _PASSWORD.sub(r"\1***@", url))


def _schema(name: str) -> str:
    if not _SCHEMA_NAME.fullmatch(name):
        raise ConfigError(f"schema is a name of lower-case letters, digits and underscores; got {name!r}")
    return name


def _connections(text: str) -> int:
    if not text.isdigit() or int(text) < CONNECTIONS_MIN:
        raise ConfigError(f"connections is a number from {CONNECTIONS_MIN}; got {text!r}")
    return int(text)


def _timeout(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 1 <= value <= 600:
        raise ConfigError(f"timeout is a number of seconds from 1 to 600; got {text!r}")
    return value


def _yes(name: str, text: str) -> bool:
    if text not in ("yes", "no"):
        raise ConfigError(f"{name} is 'yes' or 'no'; got {text!r}")
    return text == "yes"
