"""Checks of the store and of what is in it."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace.cli.doctor.findings import Finding, fault, ok, warning
from headrace.cli.queue.list import read_queues
from headrace.cli.stores import with_store
from headrace.storage.diagnosing import Diagnosable

if TYPE_CHECKING:
    from headrace.app import Headrace

FREE_FAULT = 100 << 20
FREE_WARNING = 1 << 30
"""Bytes: below 100 MiB a busy queue stops within minutes, below 1 GiB within a day."""

WAL_WARNING = 256 << 20
"""The log is a few MiB when it is checkpointed; this much means that somebody reads for hours without an end."""

SKEW_MAX = timedelta(minutes=1)
_BUCKET = "doctor"

DYING_WINDOW = timedelta(minutes=5)
LOOKED_AT = 500
"""Waiting jobs, the newest, whose tasks are compared with those that workers know."""


def check_store(url: str) -> list[Finding]:
    """All checks of a store. One that cannot be opened is one fault; the others then cannot be told."""
    from headrace.errors import ConfigError, StorageError

    if (missing := _missing_file(url)) is not None:
        return [fault("store", f"there is no file {missing}", "check the URL; a worker or job enqueue makes the file")]
    try:
        return with_store(url, _check)
    except (StorageError, ConfigError) as error:
        return [fault("store", str(error))]


def _missing_file(url: str) -> Path | None:
    if not url.startswith("sqlite:"):
        return None
    from headrace.backends.sqlite.location import parse_url
    from headrace.errors import ConfigError

    try:
        path = parse_url(url).path
    except ConfigError:
        return None
    return None if path.exists() else path


async def _check(app: Headrace) -> list[Finding]:
    health = await app.backend.health()
    if not health.ok:
        return [fault("store", problem) for problem in health.problems]
    findings = [
        ok("store", f"answers in {health.latency.total_seconds() * 1000:.1f} ms"),
        ok("schema", health.facts.get("schema", "as this release wants it")),
        await _writable(app),
    ]
    if "path" in health.facts:
        path = Path(health.facts["path"])
        findings += [_file_system(path), _space(path), _log_size(int(health.facts.get("wal_bytes", 0)))]
    if isinstance(app.backend, Diagnosable):
        findings += [Finding(each.check, each.level, each.message, each.fix) for each in await app.backend.diagnose()]
    queues = await read_queues(app)
    served = {queue for worker in await app.workers() for queue in worker.queues}
    dying = sum(rate.dead for rate in await app.backend.reader.rates(window=DYING_WINDOW))
    about_jobs = [_dead(queues, dying), _unserved(queues, served), _paused(queues), await _unknown(app)]
    return [*findings, *about_jobs, await _skew(app)]


async def _writable(app: Headrace) -> Finding:
    from headrace.errors import StorageError
    from headrace.storage.kv import Put

    key = "written-by-doctor"
    try:
        await app.backend.kv.put_many(_BUCKET, [Put(key=key, value=b"{}", ttl=timedelta(seconds=10))])
        await app.backend.kv.put_many(_BUCKET, [Put(key=key, value=None)])
    except StorageError as error:
        return fault("writable", str(error), "see who owns the file and its folder, and how they are mounted")
    return ok("writable", "yes")


def _file_system(path: Path) -> Finding:
    from headrace.backends.sqlite.location import filesystem_kind

    kind = filesystem_kind(path.parent)
    if kind is not None and (kind.startswith(("nfs", "fuse.ssh")) or kind in ("cifs", "smb3", "9p", "virtiofs")):
        return warning("file system", f"{kind} is a network file system", "use a local disk, or one single process")
    return ok("file system", kind or "not told by this host")


def _space(path: Path) -> Finding:
    free = shutil.disk_usage(path.parent).free
    text = f"{free >> 20:,} MiB free at {path.parent}"
    if free < FREE_FAULT:
        return fault("disk", text, "make room: without it no job can be stored")
    if free < FREE_WARNING:
        return warning("disk", text, "make room before it runs out")
    return ok("disk", text)


def _log_size(size: int) -> Finding:
    if size < WAL_WARNING:
        return ok("log", f"{size >> 10:,} KiB of write-ahead log")
    return warning(
        "log",
        f"the write-ahead log has grown to {size >> 20:,} MiB",
        "end the program that keeps a read transaction open on the file",
    )


def _dead(queues: list[dict[str, Any]], dying: int) -> Finding:
    dead = {queue["name"]: queue["counts"]["dead"] for queue in queues if queue["counts"]["dead"]}
    if not dead:
        return ok("dead jobs", "none")
    text = ", ".join(f"{count:,} in {name}" for name, count in dead.items())
    growth = f"; {dying:,} of them within the last minutes" if dying else ""
    return warning("dead jobs", text + growth, "headrace job list state:dead")


async def _unknown(app: Headrace) -> Finding:
    """Jobs that no worker so far could run: a typing mistake, or code that is not deployed yet."""
    known = {record.name for record in await app.catalogue()}
    if not known:
        return ok("tasks", "no worker has told of its tasks yet")
    waiting = (await app.find(states=["queued", "scheduled"], limit=LOOKED_AT)).items
    unknown = Counter(job.task for job in waiting if job.task not in known)
    if not unknown:
        return ok("tasks", f"{len(known)} known; those of the newest {len(waiting):,} waiting jobs are among them")
    text = ", ".join(f"{name} ({count:,})" for name, count in unknown.most_common(5))
    worst = unknown.most_common(1)[0][0]
    return warning("tasks", f"jobs wait for tasks that no worker ever knew: {text}", f"headrace job list task:{worst}")


def _unserved(queues: list[dict[str, Any]], served: set[str]) -> Finding:
    alone = [queue for queue in queues if queue["counts"]["queued"] and queue["name"] not in served]
    if not alone:
        return ok("workers", "every queue with jobs has one")
    text = ", ".join(f"{queue['name']} has {queue['counts']['queued']:,} queued jobs" for queue in alone)
    return warning("workers", f"{text} and no worker", f"headrace worker APP --queue {alone[0]['name']}")


def _paused(queues: list[dict[str, Any]]) -> Finding:
    paused = [queue for queue in queues if queue["paused"] and queue["counts"]["queued"]]
    if not paused:
        return ok("pauses", "no paused queue has jobs")
    text = ", ".join(
        f"{queue['name']} is paused with {queue['counts']['queued']:,} jobs"
        + (f" ({queue['pause_reason']})" if queue["pause_reason"] else "")
        for queue in paused
    )
    return warning("pauses", text, f"headrace queue resume {paused[0]['name']}")


async def _skew(app: Headrace) -> Finding:
    newest = (await app.find(limit=1)).items
    ahead = newest[0].enqueued_at - datetime.now(UTC) if newest else timedelta(0)
    if ahead > SKEW_MAX:
        return fault("store clock", f"the newest job is from {ahead} in the future", "set the clock of this host")
    return ok("store clock", "agrees with this host")
