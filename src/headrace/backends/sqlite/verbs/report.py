"""Progress and log lines of running jobs."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.backends.sqlite.rows import as_json, decode_held
from headrace.backends.sqlite.times import to_us
from headrace.backends.sqlite.transaction import Transaction
from headrace.model.job import LogLine
from headrace.storage.jobs import JOB_LOG_LINES_MAX, Report, Settled


def report_many(transaction: Transaction, reports: Sequence[Report]) -> list[Settled]:
    """Store what is reported under current leases."""
    pairs = as_json([(report.lease.job_id, report.lease.token) for report in reports])
    rows = decode_held(transaction.value("select_held", {"leases": pairs}))
    replies = [Settled.STALE] * len(reports)
    for row in sorted(rows, key=lambda each: each.index):
        report = reports[row.index]
        replies[row.index] = Settled.APPLIED
        if report.progress is not None:
            transaction.run("put_progress", (row.seq, as_json(report.progress)))
        if report.logs:
            _append(transaction, row.seq, report.logs[-JOB_LOG_LINES_MAX:])
    return replies


def _append(transaction: Transaction, seq: int, lines: Sequence[LogLine]) -> None:
    last = int(transaction.value("last_log_line", (seq,)))
    rows = [
        (seq, number, to_us(line.at), line.level, line.message, line.attempt)
        for number, line in enumerate(lines, start=last + 1)
    ]
    transaction.insert("insert_logs", rows)
    transaction.run("trim_logs", (seq, last + len(lines) - JOB_LOG_LINES_MAX))
