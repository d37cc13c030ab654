"""What can be wrong with the server, and the fix of each: what ``headrace doctor`` asks."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

from headrace.backends.postgres.session import Session
from headrace.backends.postgres.verbs.partitions import WIDTH, midnight
from headrace.storage.diagnosing import Diagnosis

VERSION_MIN = 14
TRANSACTION_AGE_MAX = timedelta(minutes=5)
"""A transaction that stays open keeps every row that died since from being vacuumed; claims then walk over them."""

SKEW_WARNING, SKEW_FAULT = timedelta(seconds=2), timedelta(minutes=1)
FREE_CONNECTIONS_MIN = 10
"""Room for two more workers."""

DEAD_ROWS_MAX = 50_000
DEAD_SHARE_MAX = 4
"""Dead rows for each that lives: autovacuum acts at a fiftieth, so it is off, late, or kept from its work."""

IDS_WARNING, IDS_FAULT = 1_000_000_000, 1_700_000_000
"""Transaction ids in use, of 2.1 billion. Autovacuum freezes at 200 million; at the end the server takes no writes."""

HELD_BY_STANDBY_MAX = 100_000
"""Transactions: a standby that reports every ten seconds lags by far fewer, unless a query there goes on for long."""

LOG_FILES_MIN, LOG_FILES_A_MINUTE = 64, 1.0
"""The server writes files of its log again after a checkpoint. One that it has to make holds up all commits, for
some 70 ms; a server makes some in its first hours, and then few."""

LOG_COUNTED_FROM = 180_000
"""The version that counts them."""

BYTES_EMPTY_MAX = 256 << 20
BYTES_A_ROW_MAX = 64 << 10

Check = Callable[[Session, int], Awaitable[list[Diagnosis]]]


async def diagnose(session: Session, connections: int) -> list[Diagnosis]:
    """All checks, in the order of what hurts most. ``connections``: how many a process takes."""
    checks: Sequence[Check] = (
        _server, _connections, _ids, _sessions, _slots, _standbys, _prepared, _tables, _days, _log_files,
    )  # fmt: skip
    return [finding for check in checks for finding in await check(session, connections)]


async def _server(session: Session, _: int) -> list[Diagnosis]:
    before = time.time()
    [(version, fsync, autovacuum, now, sees, user)] = await session.rows("server_facts")
    here = datetime.fromtimestamp((before + time.time()) / 2, UTC)
    findings = [_version(version), _clock(now - here)]
    if not fsync:
        text = "fsync is off: a crash can lose jobs that were acknowledged, and damage all there is"
        findings.append(_fault("durability", text, "ALTER SYSTEM SET fsync = on, and reload"))
    if not autovacuum:
        text = "autovacuum is off: claims slow down as dead rows pile up"
        findings.append(_fault("autovacuum", text, "ALTER SYSTEM SET autovacuum = on, and reload"))
    if not sees:
        text = f"user {user} cannot see what sessions of other users do"
        findings.append(_warning("sessions", text, f'GRANT pg_read_all_stats TO "{user}"'))
    return findings


def _version(number: int) -> Diagnosis:
    text = f"PostgreSQL {number // 10_000}.{number % 10_000}"
    if number // 10_000 < VERSION_MIN:
        return _fault("version", f"{text} is older than {VERSION_MIN}, the oldest supported", "upgrade the server")
    return _ok("version", text)


def _clock(skew: timedelta) -> Diagnosis:
    way = "ahead of" if skew > timedelta(0) else "behind"
    text = f"the server's clock is {abs(skew.total_seconds()):.1f} s {way} this host's; jobs go by the server's"
    if abs(skew) > SKEW_FAULT:
        return _fault("clocks", text, "set both by NTP")
    return _warning("clocks", text, "set both by NTP") if abs(skew) > SKEW_WARNING else _ok("clocks", "agree")


async def _connections(session: Session, taken: int) -> list[Diagnosis]:
    [(free, most)] = await session.rows("free_connections")
    text = f"{free} of {most} connections are free; a worker takes up to {taken + 2}"
    if free < max(FREE_CONNECTIONS_MIN, taken + 2):
        return [
            _warning("connections", text, "raise max_connections, lower ?connections=, or put pgbouncer in between")
        ]
    return [_ok("connections", text)]


async def _ids(session: Session, _: int) -> list[Diagnosis]:
    [(database, age, multi_age, table)] = await session.rows("oldest_ids")
    used = max(age, multi_age)
    text = f"{used:,} of 2.1 billion transaction ids are in use, the oldest in database {database}"
    if used < IDS_WARNING:
        return [_ok("transaction ids", text)]
    where = f"{table} in " if table else "its oldest tables in "
    fix = f"VACUUM (FREEZE) {where}{database}; end what keeps rows from being vacuumed: old and prepared transactions"
    if used < IDS_FAULT:
        return [_warning("transaction ids", f"{text}: autovacuum does not keep up", fix)]
    return [_fault("transaction ids", f"{text}: at the end the server takes no writes any more", fix)]


async def _sessions(session: Session, _: int) -> list[Diagnosis]:
    return [
        _fault(
            "old transactions",
            f"session {pid} of {user} ({application or 'no name'}) is {state} in a transaction of {_round(age)}: no "
            "row that died since can be vacuumed",
            f"SELECT pg_terminate_backend({pid}); and set idle_in_transaction_session_timeout for {user}",
        )
        for pid, user, application, state, age in await session.rows("old_sessions", TRANSACTION_AGE_MAX)
    ] or [_ok("old transactions", "none")]


async def _slots(session: Session, _: int) -> list[Diagnosis]:
    return [
        _fault(
            "replication slots",
            f"nobody reads slot {name}: it keeps {size} of log" + (", and dead rows from being vacuumed" * pins),
            f"start its standby again, or SELECT pg_drop_replication_slot('{name}')",
        )
        for name, size, pins in await session.rows("idle_slots")
    ] or [_ok("replication slots", "none without a reader")]


async def _standbys(session: Session, _: int) -> list[Diagnosis]:
    return [
        _warning(
            "standbys",
            f"standby {name} (at {place}) keeps rows that died in the last {age:,} transactions from being vacuumed:"
            " its hot_standby_feedback is on, and a query there goes on for long",
            "end that query there, or set hot_standby_feedback = off on it",
        )
        for name, place, age in await session.rows("holding_standbys", HELD_BY_STANDBY_MAX)
    ] or [_ok("standbys", "none keeps dead rows from being vacuumed")]


async def _prepared(session: Session, _: int) -> list[Diagnosis]:
    return [
        _fault(
            "prepared transactions",
            f"{gid!r} of {owner} was prepared {_round(age)} ago and never ended: it keeps its locks, and dead rows "
            "from being vacuumed",
            f"ROLLBACK PREPARED '{gid}', or COMMIT PREPARED",
        )
        for gid, owner, age in await session.rows("old_prepared", TRANSACTION_AGE_MAX)
    ] or [_ok("prepared transactions", "none")]


async def _tables(session: Session, _: int) -> list[Diagnosis]:
    findings = []
    for name, live, dead, size, vacuumed, disabled in await session.rows("table_health", session.schema):
        table = f"{session.schema}.{name}"
        when = "never" if vacuumed is None else f"{vacuumed:%Y-%m-%d %H:%M}"
        if disabled:
            fix = f"ALTER TABLE {table} RESET (autovacuum_enabled)"
            findings.append(_fault("autovacuum", f"autovacuum is off for {table}", fix))
        if dead > max(DEAD_ROWS_MAX, DEAD_SHARE_MAX * live):
            text = f"{table} has {dead:,} dead rows and {live:,} live ones; vacuumed: {when}"
            findings.append(_warning("dead rows", text, f"VACUUM {table}; if they stay, an old transaction keeps them"))
        elif size > max(BYTES_EMPTY_MAX, BYTES_A_ROW_MAX * live):
            text = f"{table} takes {size >> 20:,} MiB for {live:,} rows"
            fix = f"VACUUM FULL {table} at a quiet hour: it locks the table for seconds"
            findings.append(_warning("bloat", text, fix))
    return findings or [_ok("tables", "vacuumed as they should be")]


async def _days(session: Session, _: int) -> list[Diagnosis]:
    today = midnight(session.now or (await session.rows("instant", None))[0][0])
    [(missing, elsewhere)] = await session.rows("days_without", session.schema, [today, today + WIDTH])
    if missing:
        days = " and ".join(f"{day.astimezone(UTC):%Y-%m-%d}" for day in missing)
        calls = "; ".join(f"SELECT {session.schema}.make_day('{day.astimezone(UTC).isoformat()}')" for day in missing)
        return [
            _warning("history", f"there is no partition for {days}: jobs that end then are deleted one by one", calls)
        ]
    if elsewhere:
        text = "some jobs ended on a day without a partition: they are deleted one by one"
        return [_warning("history", text, "nothing: it ends with their retention")]
    return [_ok("history", "has its partitions")]


async def _log_files(session: Session, _: int) -> list[Diagnosis]:
    version = (await session.rows("server_facts"))[0][0]
    if version < LOG_COUNTED_FROM:
        return []
    [(made, counted_for, least, most)] = await session.rows("log_files")
    rate = made * timedelta(minutes=1) / counted_for
    text = f"the server made {made:,} files of its log in {_round(counted_for)}"
    if made < LOG_FILES_MIN or rate < LOG_FILES_A_MINUTE:
        return [_ok("log files", text)]
    fix = (
        f"ALTER SYSTEM SET min_wal_size (now {least}) to what is written between two checkpoints, and max_wal_size "
        f"(now {most}) to twice that at least; and reload"
    )
    return [_warning("log files", f"{text}, and all commits wait for each: it keeps too few to write again", fix)]


def _round(age: timedelta) -> timedelta:
    return timedelta(seconds=round(age.total_seconds()))


def _ok(check: str, message: str) -> Diagnosis:
    return Diagnosis(check=check, level="ok", message=message)


def _warning(check: str, message: str, fix: str) -> Diagnosis:
    return Diagnosis(check=check, level="warning", message=message, fix=fix)


def _fault(check: str, message: str, fix: str) -> Diagnosis:
    return Diagnosis(check=check, level="fault", message=message, fix=fix)
