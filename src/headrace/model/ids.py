"""Identities. A job's id is a UUIDv7 (RFC 9562, 5.7) made by the caller, so that enqueuing again is harmless."""

from __future__ import annotations

import os
import random
import time
from typing import NewType

JobId = NewType("JobId", str)
WorkerId = NewType("WorkerId", str)

_NS_PER_MS = 1_000_000
_FIXED = 7 << 76 | 2 << 62  # version 7, variant 2


class _Generator:
    """Ids that only grow within a process: 48 bits of milliseconds, 12 of the fraction, 62 random ones.

    The fraction is method 3 of RFC 9562, section 6.2. When the clock stands still or goes back, the last stamp plus
    one is used, so the order in which one process makes ids is the order in which they sort.
    """

    def __init__(self) -> None:
        self._random = random.Random(os.urandom(16))
        self._last = 0

    def next(self) -> str:
        stamp = (time.time_ns() << 12) // _NS_PER_MS
        if stamp <= self._last:
            stamp = self._last + 1
        self._last = stamp
        return format_uuid7(stamp, self._random.getrandbits(62))


def format_uuid7(stamp: int, noise: int) -> str:
    """Write a UUIDv7 from its 60-bit time stamp (milliseconds and fraction) and 62 random bits.

    >>> format_uuid7(0x019A0B0C0D0E_123, 0x3FFF_FFFF_FFFF_FFFF)
    '019a0b0c-0d0e-7123-bfff-ffffffffffff'
    """
    # One number and one formatting: a bulk enqueue spends a tenth of its time here.
    digits = "%032x" % (_FIXED | (stamp >> 12) << 80 | (stamp & 0xFFF) << 64 | noise)
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


_generator = _Generator()


def _forget_state() -> None:
    """A forked child must not repeat its parent's random numbers."""
    global _generator
    _generator = _Generator()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_state)


def new_job_id() -> JobId:
    """Make a job id: sortable by time, unique across machines, and growing within this process.

    >>> new_job_id() < new_job_id()
    True
    """
    return JobId(_generator.next())


def new_worker_id() -> WorkerId:
    """Make a worker's identity: random for each boot, so that a restarted host never looks like its dead self."""
    return WorkerId(f"w-{os.urandom(6).hex()}")
