"""How long to wait after failures in a row: longer each time, up to a cap, and never in step with other processes."""

from __future__ import annotations

import random
from collections.abc import Callable

FIRST_S_DEFAULT = 0.1
CAP_S_DEFAULT = 5.0
"""A store that comes back is noticed within five seconds, and one that is down is not asked more often than that."""

_EXPONENT_MAX = 32


class Backoff:
    """Counts failures in a row and answers the pause after each.

    >>> backoff = Backoff(noise=lambda: 1.0)
    >>> [backoff.failed(), backoff.failed(), backoff.failed()]
    [0.1, 0.2, 0.4]
    >>> backoff.succeeded(), backoff.succeeded()
    (True, False)
    """

    __slots__ = ("_cap_s", "_first_s", "_noise", "failures")

    def __init__(
        self,
        *,
        first_s: float = FIRST_S_DEFAULT,
        cap_s: float = CAP_S_DEFAULT,
        noise: Callable[[], float] = random.random,
    ) -> None:
        self.failures = 0
        self._first_s = first_s
        self._cap_s = cap_s
        self._noise = noise

    def failed(self) -> float:
        """Count a failure; the seconds to wait, between half and all of the doubled step."""
        step = min(self._cap_s, self._first_s * 2.0 ** min(self.failures, _EXPONENT_MAX))
        self.failures += 1
        return step * (0.5 + 0.5 * self._noise())

    def succeeded(self) -> bool:
        """Forget the failures. True when there were any: the outage is over."""
        over = self.failures > 0
        self.failures = 0
        return over
