"""Arguments that take several names."""

from __future__ import annotations

from collections.abc import Iterable

from headrace.errors import ConfigError


def several(name: str, values: Iterable[str]) -> tuple[str, ...]:
    """The values of the argument. Raises ConfigError for a lone string, which Python would take for its letters.

    >>> several("queues", ["mail", "print"])
    ('mail', 'print')
    >>> several("queues", "mail")
    Traceback (most recent call last):
        ...
    headrace.errors.ConfigError: queues takes several, in a list: ['mail']
    """
    if isinstance(values, str):
        raise ConfigError(f"{name} takes several, in a list: [{values!r}]")
    return tuple(values)
