"""What happened lately, counted in buckets of ten seconds."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from headrace.model.queue import RATE_BUCKET, RATES_KEPT, QueueRate, counted_window, rate_bucket

BUCKETS_MAX = RATES_KEPT // RATE_BUCKET
"""For each queue."""


class Rates:
    """Counts of named events (``enqueued``, ``claimed``, ...) by queue and time."""

    def __init__(self) -> None:
        self._buckets: dict[str, dict[int, Counter[str]]] = {}

    def count(self, queue: str, event: str, now: datetime) -> None:
        """Count one event of a queue."""
        buckets = self._buckets.setdefault(queue, {})
        bucket = rate_bucket(now)
        if bucket not in buckets:
            buckets[bucket] = Counter()
            if len(buckets) > BUCKETS_MAX:
                del buckets[min(buckets)]
        buckets[bucket][event] += 1

    def within(self, window: timedelta, now: datetime) -> list[QueueRate]:
        """The sums of each queue where something happened, from the bucket in which the window begins until now."""
        covered = counted_window(window, now)
        first, last = rate_bucket(now - window), rate_bucket(now)
        answers = []
        for queue, buckets in sorted(self._buckets.items()):
            total: Counter[str] = Counter()
            for bucket, counts in buckets.items():
                if first <= bucket <= last:
                    total.update(counts)
            if total:
                answers.append(QueueRate(queue=queue, window=covered, **total))
        return answers
