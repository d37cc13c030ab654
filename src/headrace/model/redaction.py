"""Redaction: what views must not show. Data is stored as it is; rules say what is hidden wherever it is shown.

A rule is a path into the arguments, by names: ``password``, ``user.ssn``; lists are passed through, ``*`` is any name.
``return`` begins a path into the result, and alone means all of it. Besides, the values of some names are hidden
wherever they stand, so that a password is not shown because nobody wrote a rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from json import dumps
from typing import Any
from urllib.parse import quote, quote_plus

from headrace.errors import ConfigError

REDACTED = "[redacted]"

ALWAYS = frozenset(
    {
        "access_key",
        "api_key",
        "apikey",
        "authorization",
        "cookie",
        "credentials",
        "passphrase",
        "passwd",
        "password",
        "private_key",
        "secret",
        "token",
    }
)
"""Names whose values are hidden at any depth, also as the last words of a name: ``client_secret``, ``accessToken``."""

SECRET_LENGTH_MIN = 4
"""Shorter values are not looked for in texts: an ``"a"`` that is secret would blot out every message."""

_QUOTING = frozenset(
    {
        *("args", "result", "meta", "metadata", "tags", "idempotency_key", "unique_key", "partition"),
        *("reason", "message", "traceback", "note"),
    }
)
"""The fields of views that hold what users wrote, at any depth: the note is that of the progress."""

RETURN = "return"

_URL_PASSWORD = re.compile(r"(?P<before>[a-z][a-z0-9+.-]*://[^/\s:@]*:)[^/\s]+(?=@)", re.IGNORECASE)
_URL_PARAMETER = re.compile(r"(?P<before>[?&](?:password|passwd|token|secret|key)=)[^&\s]+", re.IGNORECASE)
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Secret:
    """Marks an argument, or a field of one, that views must not show: ``password: Annotated[str, Secret]``."""


def check_rules(rules: Any) -> tuple[str, ...]:
    """The rules, if they can be some. Raises ConfigError.

    >>> check_rules(["user.ssn", "return"])
    ('user.ssn', 'return')
    """
    if isinstance(rules, str) or not isinstance(rules, Iterable):
        message = f"redact takes several paths, such as ('password', 'user.ssn'); got {rules!r}"
        raise ConfigError(message)
    paths = tuple(dict.fromkeys(rules))
    for path in paths:
        if not isinstance(path, str) or not all(path.split(".")):
            message = f"redact: a path is names with dots between them, such as 'user.ssn'; got {path!r}"
            raise ConfigError(message)
    return paths


def is_always_hidden(name: str) -> bool:
    """Whether the value of this name is hidden without a rule.

    >>> [is_always_hidden(name) for name in ("password", "clientSecret", "DB-PASSWORD", "max_tokens", "tokenizer")]
    [True, True, True, False, False]
    """
    words = _WORDS.sub("_", name).lower().replace("-", "_").replace(" ", "_").split("_")
    return any("_".join(words[-count:]) in ALWAYS for count in (1, 2))


def redact(value: Any, rules: Iterable[str], secrets: set[str] | None = None) -> Any:
    """Plain data with what the rules name, and what is always hidden, replaced. The value itself is not changed.

    What was replaced is added to ``secrets``, for :func:`redact_text`.

    >>> redact({"user": {"ssn": "123", "name": "Ada"}, "api_key": "k"}, ["user.ssn"])
    {'user': {'ssn': '[redacted]', 'name': 'Ada'}, 'api_key': '[redacted]'}
    """
    return _redact(value, [rule.split(".") for rule in rules], set() if secrets is None else secrets)


def redact_text(text: str, secrets: Iterable[str]) -> str:
    """A text, such as an error message, with every secret value in it replaced: as it is, and as texts quote it.

    >>> redact_text("no login with hunter2", {"hunter2"})
    'no login with [redacted]'
    >>> redact_text("401 from https://db/?key=a%2Fb%20c", {"a/b c"})
    '401 from https://db/?key=[redacted]'
    """
    spelled = {each for secret in secrets for each in _spellings(secret)}
    for each in sorted(spelled, key=len, reverse=True):
        text = text.replace(each, REDACTED)
    return text


def _spellings(secret: str) -> Iterator[str]:
    """How a value may stand in a text: as it is, and as Python, JSON and URLs escape what is in it."""
    yield secret
    if not secret.isalnum() or not secret.isascii():
        yield from (
            quoted[1:-1] for quoted in (repr(secret), ascii(secret), dumps(secret), dumps(secret, ensure_ascii=False))
        )
        yield from (quote(secret, safe="", errors="replace"), quote_plus(secret, errors="replace"))


def redact_texts(value: Any, secrets: Iterable[str]) -> Any:
    """Plain data with every secret value replaced in its texts, at any depth; keys stay.

    >>> redact_texts({"error": ["no login with hunter2", 3, 12345]}, {"hunter2", "12345"})
    {'error': ['no login with [redacted]', 3, '[redacted]']}
    """
    if isinstance(value, str):
        return redact_text(value, secrets)
    if isinstance(value, int | float) and str(value) in secrets:
        return REDACTED
    if isinstance(value, Mapping):
        return {name: redact_texts(each, secrets) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [redact_texts(each, secrets) for each in value]
    return value


def redact_view(view: Mapping[str, Any], secrets: Iterable[str]) -> dict[str, Any]:
    """The view of a job, or of what is about it, with every secret value replaced wherever one may be quoted.

    What headrace itself says of a job stays, whatever somebody's password is: ids, instants, states, names.

    >>> redact_view({"state": "dead", "attempts": [{"number": 2026, "error": {"message": "dead in 2026"}}]}, {"2026"})
    {'state': 'dead', 'attempts': [{'number': 2026, 'error': {'message': 'dead in [redacted]'}}]}
    """
    return {
        name: redact_texts(value, secrets) if name in _QUOTING else _redact_below(value, secrets)
        for name, value in view.items()
    }


def _redact_below(value: Any, secrets: Iterable[str]) -> Any:
    if isinstance(value, Mapping):
        return redact_view(value, secrets)
    if isinstance(value, list | tuple):
        return [_redact_below(each, secrets) for each in value]
    return value


def for_arguments(rules: Iterable[str]) -> tuple[str, ...]:
    """The rules about arguments."""
    return tuple(rule for rule in rules if rule.split(".")[0] != RETURN)


def for_result(rules: Iterable[str]) -> tuple[str, ...]:
    """The rules about the result, without their first word; an empty one means all of it."""
    return tuple(rule.partition(".")[2] for rule in rules if rule.split(".")[0] == RETURN)


def redact_result(value: Any, rules: Iterable[str], secrets: set[str] | None = None) -> Any:
    """A result with what ``return`` rules name replaced.

    >>> redact_result({"id": 1, "card": "4111"}, ["return.card"]), redact_result("4111", ["return"])
    ({'id': 1, 'card': '[redacted]'}, '[redacted]')
    """
    found = set() if secrets is None else secrets
    paths = for_result(rules)
    if "" in paths and value is not None:
        return _hide(value, found)
    return redact(value, [path for path in paths if path], found)


def _redact(value: Any, rules: Sequence[Sequence[str]], secrets: set[str]) -> Any:
    if isinstance(value, Mapping):
        shown: dict[Any, Any] = {}
        for name, inner in value.items():
            below = [rule[1:] for rule in rules if rule and rule[0] in (name, "*")]
            hidden = any(not rule for rule in below) or (isinstance(name, str) and is_always_hidden(name))
            shown[name] = _hide(inner, secrets) if hidden and inner is not None else _redact(inner, below, secrets)
        return shown
    if isinstance(value, list | tuple):
        return [_redact(each, rules, secrets) for each in value]
    return value


def _hide(value: Any, secrets: set[str]) -> str:
    if isinstance(value, Mapping):
        for each in value.values():
            _hide(each, secrets)
    elif isinstance(value, list | tuple):
        for each in value:
            _hide(each, secrets)
    elif isinstance(value, str | int | float) and not isinstance(value, bool) and len(str(value)) >= SECRET_LENGTH_MIN:
        secrets.add(str(value))
    return REDACTED


def mask_url(text: str) -> str:
    """The text with stars for the passwords of its URLs.

    >>> mask_url("postgresql://app:hunter2@db/app?token=abc")
    'postgresql://app:***@db/app?token=***'
    """
    return _URL_PARAMETER.sub(r"\g<before>***", _URL_PASSWORD.sub(r"\g<before>***", text))
