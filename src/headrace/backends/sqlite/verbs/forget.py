"""Deleting jobs with everything that belongs to them."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.backends.sqlite.rows import as_json
from headrace.backends.sqlite.transaction import Transaction

_TABLES = ("jobs", "bodies", "results", "attempts", "progress", "logs", "unique")


def forget_jobs(transaction: Transaction, seqs: Sequence[int]) -> None:
    """Delete the rows of these jobs from every table. Their idempotency keys stay taken."""
    for table in _TABLES:
        transaction.run(f"delete_{table}", {"seqs": as_json(seqs)})
