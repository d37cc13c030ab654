"""What happened lately, counted in buckets of ten seconds."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from headrace.model.queue import RATE_BUCKET, QueueRate, counted_window

BUCKETS_MAX = 8_640
"""A day of ten-second buckets for each queue; nobody charts rates over more, and memory stays bounded."""


def _bucket(instant: datetime) -> int:
    return int(instant.timestamp()) // int(RATE_BUCKET.total_seconds())


class Rates:
    """Counts of named events (``enqueued``, ``claimed``, ...) by queue and time."""

    def __init__(self) -> None:
        self._buckets: dict[str, dict[int, Counter[str]]] = {}

    def count(self, queue: str, event: str, now: datetime) -> None:
        """Count one event of a queue."""
        buckets = self._buckets.setdefault(queue, {})
        bucket = _bucket(now)
        if bucket not in buckets:
            buckets[bucket] = Counter()
            if len(buckets) > BUCKETS_MAX:
                del buckets[min(buckets)]
        buckets[bucket][event] += 1

    def within(self, window: timedelta, now: datetime) -> list[QueueRate]:
        """The sums of each queue where something happened, from the bucket in which the window begins until now."""
        covered = counted_window(window, now)
        first, last = _bucket(now - window), _bucket(now)
        answers = []
        for queue, buckets in sorted(self._buckets.items()):
            total: Counter[str] = Counter()
            for bucket, counts in buckets.items():
                if first <= bucket <= last:
                    total.update(counts)
            if total:
                answers.append(QueueRate(queue=queue, window=covered, **total))
        return answers
