"""Labels with a bound: a queue for each customer must not become a time series for each customer."""

from __future__ import annotations

LABELS_MAX = 200
"""Different values of a label. Ten states, outcomes or buckets for each, and a scrape is still a few hundred
kilobytes."""

OTHER = "other"


class Bounded:
    """Lets the first ``limit`` values through, and makes ``other`` of those that come later.

    >>> queue = Bounded(2)
    >>> [queue(name) for name in ("mail", "reports", "mail", "eu-1")]
    ['mail', 'reports', 'mail', 'other']
    """

    def __init__(self, limit: int = LABELS_MAX) -> None:
        self._limit = limit
        self._known: set[str] = set()

    def __call__(self, value: str) -> str:
        """The value to use as the label."""
        if value in self._known:
            return value
        if len(self._known) >= self._limit:
            return OTHER
        self._known.add(value)
        return value
