"""Scopes by the handful: what a person means who makes a key for somebody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from headrace.errors import ConfigError
from headrace.wire.scopes import Scope

_NAMES = {scope.value for scope in Scope}
_READ = frozenset(scope for scope in Scope if scope.value.endswith(":read"))

ROLES: Mapping[str, frozenset[Scope]] = {
    "read": _READ,
    "submit": frozenset({Scope.JOBS_SUBMIT, Scope.JOBS_READ, Scope.TASKS_READ}),
    "work": frozenset({Scope.WORK}),
    "operate": _READ | {scope for scope in Scope if scope.value.endswith(":write")} | {Scope.JOBS_SUBMIT},
    "admin": frozenset({Scope.ADMIN}),
}
"""``read`` looks at everything, ``submit`` adds jobs and follows them, ``work`` runs them, ``operate`` does all that
people do at a console, and ``admin`` may do everything, what later releases add included."""


def scopes_of(words: Iterable[str]) -> frozenset[Scope]:
    """The scopes that roles and scopes stand for. Raises ConfigError that names the word and those there are.

    >>> sorted(scopes_of(["work", "jobs:read"]))
    [<Scope.JOBS_READ: 'jobs:read'>, <Scope.WORK: 'work'>]
    """
    found: set[Scope] = set()
    for word in words:
        if word in ROLES:
            found |= ROLES[word]
        elif word in _NAMES:
            found.add(Scope(word))
        else:
            names = [*ROLES, *sorted(_NAMES - ROLES.keys())]
            near = get_close_matches(word, names, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(names)}"
            raise ConfigError(f"scope {word!r} is not known; {hint}")
    if not found:
        raise ConfigError(f"scopes are empty, so the key could do nothing; give one of {', '.join(ROLES)}")
    return frozenset(found)
