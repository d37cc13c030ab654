"""How many jobs a batch handler takes in one call, and how long it waits for them."""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

from headrace.errors import ConfigError
from headrace.model.durations import ZERO, seconds

BATCH_SIZE_DEFAULT = 10
BATCH_SIZE_MAX = 1_000
"""What a store takes in one call; a larger batch would be claimed and settled in pieces."""

BATCH_WAIT_DEFAULT = seconds(0.5)
BATCH_WAIT_MAX = seconds(60)
"""The jobs of a batch are claimed while they wait, and hidden from other workers."""


class BatchOptions(Struct, frozen=True, kw_only=True, gc=False):
    """A batch begins once it has ``size`` jobs, or ``wait`` after its first.

    Raises ConfigError for a size that is not 1 to 1,000 or a wait that is not 0 to 60 s.
    """

    size: int = BATCH_SIZE_DEFAULT
    wait: timedelta = BATCH_WAIT_DEFAULT

    def __post_init__(self) -> None:
        if type(self.size) is not int or not 1 <= self.size <= BATCH_SIZE_MAX:
            message = f"size of a batch is a whole number from 1 to {BATCH_SIZE_MAX}; got {self.size!r}"
            raise ConfigError(message)
        if not isinstance(self.wait, timedelta) or not ZERO <= self.wait <= BATCH_WAIT_MAX:
            message = (
                f"wait of a batch is a timedelta from 0 to {BATCH_WAIT_MAX}, such as seconds(1); got {self.wait!r}"
            )
            raise ConfigError(message)
