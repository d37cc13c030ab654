"""Claiming from a queue that limits hold back, or that has an order of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from headrace.backends.sqlite.rows import ClaimedRow, as_json, decode_claimed
from headrace.backends.sqlite.transaction import Transaction
from headrace.backends.sqlite.verbs.gates import shared_gates, store_buckets, task_gates
from headrace.backends.sqlite.verbs.lanes import Layout
from headrace.storage.lanes.gates import Gate
from headrace.storage.lanes.merge import Merge
from headrace.storage.lanes.rules import Rules
from headrace.storage.signals import DUE

Select = Callable[[int], list[ClaimedRow]]
"""Finds so many jobs of a queue without lanes."""

Mark = Callable[[list[ClaimedRow]], None]
"""Makes jobs running: a second look at lanes must not see them queued."""


def take_within_limits(
    transaction: Transaction,
    rules: Rules,
    queue: str,
    wanted: int,
    select: Select,
    mark: Mark,
) -> list[ClaimedRow]:
    """Up to ``wanted`` jobs of the queue, marked, in its order, and no more than the limits leave room for."""
    shared = shared_gates(transaction, rules, queue)
    left = min([wanted, *(gate.free for gate in shared)])
    if rules.laned(queue):
        rows, gates = _take_from_lanes(transaction, rules, queue, left, mark)
    else:
        rows, gates = select(left) if left else [], []
        mark(rows)
    for gate in shared:
        gate.take(len(rows))
    store_buckets(transaction, shared)
    if len(rows) < wanted and transaction.counted("queued", queue) > len(rows):
        _note_opening(transaction, queue, [*shared, *gates])
    return rows


def _take_from_lanes(
    transaction: Transaction, rules: Rules, queue: str, left: int, mark: Mark
) -> tuple[list[ClaimedRow], list[Gate]]:
    """The jobs, and the gates other than the queue's own that were met."""
    rows: list[ClaimedRow] = []
    tasks = task_gates(transaction, rules) if rules.tasks else {}
    gates = list(tasks.values())
    layout = Layout(transaction, rules, queue)
    more = layout.anything
    while more and left:
        layout.bring_up_to_date()
        lanes, more = layout.ready(["", *(task for task, gate in tasks.items() if gate.free)], left)
        merge = Merge(layout)
        seqs = layout.answer(merge.pick([(lane, tasks.get(task)) for task, lane in lanes], left))
        if not seqs:
            break
        chosen = decode_claimed(transaction.value("select_chosen", {"seqs": as_json(seqs)}))
        mark(chosen)
        layout.keep_turns(merge)
        store_buckets(transaction, merge.gates)
        gates += merge.gates
        rows += chosen
        left -= len(chosen)
    store_buckets(transaction, tasks.values())
    return rows, gates


def _note_opening(transaction: Transaction, queue: str, gates: Iterable[Gate]) -> None:
    """Have the claim tried again when there is room, and when a token comes, if it was a rate that left it short."""
    instants = [gate.opens_at for gate in gates]
    instants.append(transaction.value("next_opening", {"queue": queue}))
    first = min((instant for instant in instants if instant is not None), default=None)
    transaction.run("put_opening", (queue, first))
    transaction.starved = True
    if first is not None:
        transaction.announce(DUE, queue)
