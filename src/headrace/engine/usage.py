"""Measuring what a job and a process use: processor time and memory, where the system tells it."""

from __future__ import annotations

import os
import time

from headrace.model.usage import Usage

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_RESET_PEAK = b"5"
"""What Linux takes in ``/proc/self/clear_refs`` for: forget the peak, see proc(5)."""


class ChildMeter:
    """Counts what a job uses in a process that runs nothing else: made when it begins, read when it ends."""

    def __init__(self) -> None:
        self._cpu_s = time.process_time()
        self._fresh = _forget_peak()

    def read(self) -> Usage:
        """What was used since this was made."""
        return Usage(
            cpu_s=time.process_time() - self._cpu_s, peak_rss_bytes=(_peak_bytes() or None) if self._fresh else None
        )


def resident_bytes() -> int:
    """How much memory this process holds; 0 where the system does not say it cheaply."""
    try:
        with open("/proc/self/statm", "rb") as statm:
            return int(statm.read().split()[1]) * _PAGE_BYTES
    except (OSError, ValueError, IndexError):
        return 0


def _forget_peak() -> bool:
    try:
        with open("/proc/self/clear_refs", "wb", buffering=0) as clear:
            clear.write(_RESET_PEAK)
    except OSError:
        return False
    return True


def _peak_bytes() -> int:
    # Not getrusage: its figure is never below what the parent held when it started this process.
    try:
        with open("/proc/self/status", "rb") as status:
            return next((int(line.split()[1]) << 10 for line in status if line.startswith(b"VmHWM:")), 0)
    except (OSError, ValueError, IndexError):
        return 0
