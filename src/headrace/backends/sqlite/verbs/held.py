"""The fence: which leases are current, found before any write of a worker."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.backends.sqlite.rows import HeldRow, as_json, decode_held
from headrace.backends.sqlite.transaction import Transaction
from headrace.model.lease import Lease


def held(transaction: Transaction, leases: Sequence[Lease]) -> list[HeldRow]:
    """The running jobs whose lease is among these and current; ``index`` is the lease's place.

    A lease that is given twice counts once, at its first place: the second of two finishes is stale.
    """
    pairs = as_json([(lease.job_id, lease.token) for lease in leases])
    rows: list[HeldRow] = []
    for found, starved in transaction.rows("select_held", {"leases": pairs}):
        rows, transaction.starved = decode_held(found), bool(starved)
    if len({row.seq for row in rows}) == len(rows):
        return rows
    first: dict[int, HeldRow] = {}
    for row in sorted(rows, key=lambda each: each.index):
        first.setdefault(row.seq, row)
    return list(first.values())
