"""Heartbeats: leases extended, cancellations brought back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from headrace.backends.sqlite.rows import as_json, decode_held
from headrace.backends.sqlite.times import duration_us, from_us
from headrace.backends.sqlite.transaction import Transaction
from headrace.model.lease import Lease
from headrace.storage.jobs import Heartbeat

_LOST = Heartbeat(lease=None)


def heartbeat(transaction: Transaction, leases: Sequence[Lease], extend: timedelta) -> list[Heartbeat]:
    """Extend what is current; a lease that ran out but was not rescued is current still."""
    pairs = as_json([(lease.job_id, lease.token) for lease in leases])
    rows = decode_held(transaction.value("select_held", {"leases": pairs}))
    length = duration_us(extend)
    transaction.run("extend_leases", {"seqs": as_json([row.seq for row in rows]), "until": transaction.mono + length})
    expires_at = from_us(transaction.now + length)
    replies = [_LOST] * len(leases)
    for row in rows:
        lease = leases[row.index]
        replies[row.index] = Heartbeat(
            lease=Lease(job_id=lease.job_id, token=lease.token, expires_at=expires_at),
            cancel_reason=(row.reason or "") if row.cancel_requested else None,
        )
    return replies
