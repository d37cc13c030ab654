"""What an attempt used of its host: processor time and memory, as far as the executor can tell."""

from __future__ import annotations

from msgspec import Struct

_US = 1_000_000


class Usage(Struct, frozen=True, kw_only=True, gc=False):
    """What one attempt used. None: it cannot be told. Of one that ended in its handler's own transaction, until then.

    ``cpu_s``: of a handler in a thread, that thread's; in a child process, all of the child's threads'. On the event
    loop jobs take turns within one thread, so whose time it was is not known. Stores keep it to the microsecond.
    ``peak_rss_bytes``: the most memory that the child process held meanwhile, what it held before the job included.
    Only a child process has memory of its own, and only Linux lets its peak be counted anew.
    """

    cpu_s: float | None = None
    peak_rss_bytes: int | None = None

    @property
    def cpu_us(self) -> int | None:
        """The processor time in microseconds, the form in which databases keep it."""
        return None if self.cpu_s is None else round(self.cpu_s * _US)


UNKNOWN = Usage()
"""Of an attempt on the event loop, or one that was lost."""


def seconds_of(cpu_us: int | None) -> float | None:
    """Microseconds of processor time as ``Usage.cpu_s``."""
    return None if cpu_us is None else cpu_us / _US
