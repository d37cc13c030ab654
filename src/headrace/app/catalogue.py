"""The task catalogue: written by each worker as it starts, read by anyone who can open the store."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec
from msgspec import structs

from headrace.model.catalogue import TaskRecord, TaskVersion
from headrace.model.job import PRIORITY_DEFAULT, QUEUE_DEFAULT
from headrace.storage.kv import KeyValueStore, Put, all_entries
from headrace.tasks.task import Task

log = logging.getLogger("headrace")

BUCKET = "tasks"

VERSIONS_MAX = 50
"""Versions kept for each task, the newest: an entry is read with every view of a job."""

_WHENEVER = datetime(1970, 1, 1, tzinfo=UTC)

_TRIES = 5
"""Workers that start together write the same; each conflict means that another has written first."""


async def publish(kv: KeyValueStore, tasks: Iterable[Task[Any, Any]], now: datetime) -> int:
    """Write what is new about these tasks, and answer how many entries that were. Other versions are kept."""
    return await _update(kv, {task.name: partial(describe, task, now=now) for task in tasks})


async def publish_records(kv: KeyValueStore, records: Iterable[TaskRecord]) -> None:
    """Write what workers without Python code tell of their tasks. What code has told of a task stays as it is."""
    await _update(kv, {record.name: partial(_without_code, record) for record in records})


async def _update(kv: KeyValueStore, updates: Mapping[str, Callable[[TaskRecord | None], TaskRecord]]) -> int:
    """Make of each entry what its update says, and answer how many were written. What others write meanwhile stays."""
    pending, written = dict(updates), 0
    for _ in range(_TRIES):
        if not pending:
            break
        puts: list[Put] = []
        for name, entry in zip(pending, await kv.get_many(BUCKET, list(pending)), strict=True):
            before = None if entry is None else read_record(name, entry.value)
            record = pending[name](before)
            if record != before:
                revision = 0 if entry is None else entry.revision
                puts.append(Put(key=name, value=msgspec.json.encode(record), if_revision=revision))
        replies = await kv.put_many(BUCKET, puts) if puts else []
        pending = {put.key: pending[put.key] for put, reply in zip(puts, replies, strict=True) if reply is None}
        written += len(puts) - len(pending)
    return written


def _without_code(told: TaskRecord, before: TaskRecord | None) -> TaskRecord:
    """What a worker without code tells, unless code has told of the task, or it says what is known."""
    if before is None:
        return told
    return before if before.reference or _timeless(before) == _timeless(told) else told


def _timeless(record: TaskRecord) -> TaskRecord:
    """The record without when it was told, which differs each time."""
    return structs.replace(
        record, versions=tuple(structs.replace(each, created_at=_WHENEVER) for each in record.versions)
    )


async def list_tasks(kv: KeyValueStore) -> list[TaskRecord]:
    """Every task that a worker has told of, by name."""
    found = [read_record(entry.key, entry.value) for entry in await all_entries(kv, BUCKET)]
    return [record for record in found if record is not None]


async def find_tasks(kv: KeyValueStore, names: Sequence[str]) -> dict[str, TaskRecord]:
    """The entries of these tasks; those that nobody has told of are left out."""
    wanted = sorted(set(names))
    entries = await kv.get_many(BUCKET, wanted) if wanted else []
    found = [read_record(entry.key, entry.value) for entry in entries if entry is not None]
    return {record.name: record for record in found if record is not None}


def read_record(name: str, value: bytes) -> TaskRecord | None:
    """An entry, or None, with a warning, for one that this release cannot read."""
    try:
        return msgspec.json.decode(value, type=TaskRecord)
    except msgspec.MsgspecError as error:
        log.warning("the catalogue's entry of task %s cannot be read: %r", name, error)
        return None


def describe(task: Task[Any, Any], before: TaskRecord | None, now: datetime) -> TaskRecord:
    """The entry of a task: what its newest version says, and every version that was told of."""
    versions = {each.version: each for each in (before.versions if before is not None else ())}
    arguments, result = task.schema.json_schemas()
    told = {task.version: TaskVersion(version=task.version, created_at=now, arguments=arguments, result=result)}
    for number, step in task.upcasts.items():
        at = now if step.deprecated is not None else None
        told[number] = TaskVersion(
            version=number, created_at=now, deprecated=step.deprecated, deprecated_at=at, sunset=step.sunset
        )
    newer_told = before is not None and before.version > task.version
    for number, version in told.items():
        versions[number] = _joined(versions.get(number), version, keep=newer_told)
    kept = tuple(versions[number] for number in sorted(versions)[-VERSIONS_MAX:])
    if before is not None and newer_told:
        return structs.replace(before, versions=kept)
    options = task.defaults
    timeout = options.get("timeout")
    return TaskRecord(
        name=task.name,
        version=task.version,
        reference=task.reference,
        executor=task.executor.value,
        queue=options.get("queue", QUEUE_DEFAULT),
        priority=options.get("priority", PRIORITY_DEFAULT),
        max_attempts=options["max_attempts"],
        timeout_s=None if timeout is None else timeout.total_seconds(),
        batch_size=None if task.batch is None else task.batch.size,
        summary=(inspect.getdoc(task.function) or "").partition("\n")[0],
        readable=tuple(sorted(task.upcasts)),
        redact=tuple(task.redact),
        versions=kept,
    )


def _joined(before: TaskVersion | None, told: TaskVersion, *, keep: bool) -> TaskVersion:
    """What is told now, with the instants of when it was first told, and the schemas that older code has left.

    ``keep``: what was told before is of newer code, and only what it could not know is added.
    """
    if before is None:
        return told
    first, second = (before, told) if keep else (told, before)
    since = before.deprecated_at or told.deprecated_at
    return structs.replace(
        first,
        created_at=before.created_at,
        deprecated_at=since if first.deprecated is not None else None,
        arguments=first.arguments if first.arguments is not None else second.arguments,
        result=first.result if first.result is not None else second.result,
    )
