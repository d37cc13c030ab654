"""Calls by the name of a task and plain data: for those who do not have the task's code, or write no Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from difflib import get_close_matches
from typing import Any

import msgspec

from headrace.app.catalogue import find_tasks, list_tasks
from headrace.app.registry import TaskRegistry
from headrace.errors import InvalidArguments, TooLarge, UnknownTask
from headrace.model.catalogue import TaskRecord, TaskVersion
from headrace.model.json_schema import misfit, property_names
from headrace.storage.backend import Backend
from headrace.tasks.call import Call
from headrace.tasks.define import define_task
from headrace.tasks.ports import TaskHome
from headrace.tasks.task import Task

PlainArguments = Mapping[str, Any] | Sequence[Any]


def call_known(task: Task[..., Any], arguments: PlainArguments, version: int | None = None) -> Call[Any]:
    """A call of a task whose code is here. Raises InvalidArguments and TooLarge."""
    if version is not None and version != task.version:
        if not isinstance(arguments, Mapping):
            raise InvalidArguments(f"{task.name}: arguments of version {version} are given by name; got {arguments!r}")
        return task.call_older(version, arguments)
    if isinstance(arguments, Mapping):
        return task.call(**arguments)
    return task.call(*arguments)


async def call_told(
    name: str,
    arguments: PlainArguments,
    version: int | None = None,
    *,
    backend: Backend,
    registry: TaskRegistry,
    home: TaskHome,
) -> Call[Any]:
    """A call of a task that workers have told of, checked by the schema they gave. Raises UnknownTask and the like."""
    record = (await find_tasks(backend.kv, [name])).get(name)
    if record is None:
        told = [record.name for record in await list_tasks(backend.kv)]
        raise UnknownTask(_unknown(name, [*registry.names(), *told]))
    wanted = record.version if version is None else version
    told_version = next((each for each in record.versions if each.version == wanted), None)
    if told_version is None and wanted != record.version:
        known = ", ".join(str(each.version) for each in record.versions)
        raise InvalidArguments(f"{name}: workers have told of version {known}; got version {wanted}")
    payload = msgspec.json.encode(_by_name(record, told_version, wanted, arguments))
    if len(payload) > home.payload_limit:
        message = f"{name}: {len(payload)} bytes of arguments as json; the limit is {home.payload_limit}"
        raise TooLarge(message)
    stand_in = define_task(_elsewhere, _settings(record), home=home)
    return Call(stand_in, payload, dict(stand_in.defaults)).of_version(wanted)


def _by_name(
    record: TaskRecord, told: TaskVersion | None, version: int, arguments: PlainArguments
) -> Mapping[str, Any]:
    """The arguments as they are stored: one object with names, that fits the schema."""
    schema = None if told is None else told.arguments
    if not isinstance(arguments, Mapping):
        names = property_names(schema) if schema else []
        if len(arguments) > len(names):
            known = f"it takes {len(names)}: {', '.join(names)}" if names else "give them by name, as an object"
            message = f"{record.name}: {len(arguments)} arguments by position; {known}"
            raise InvalidArguments(message)
        arguments = dict(zip(names, arguments, strict=False))
    check_told(record, version, arguments)
    return arguments


def check_told(record: TaskRecord, version: int, arguments: Mapping[str, Any]) -> None:
    """Raise InvalidArguments where workers have told a schema for that version of a task, and these do not fit it."""
    schema = next((each.arguments for each in record.versions if each.version == version), None)
    found = misfit(arguments, schema) if schema else None
    if found is not None:
        message = f"{record.name}: {found}"
        raise InvalidArguments(message)


def _settings(record: TaskRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "queue": record.queue,
        "priority": record.priority,
        "max_attempts": record.max_attempts,
        "timeout": None if record.timeout_s is None else timedelta(seconds=record.timeout_s),
    }


def _unknown(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, sorted(set(known)), n=3)
    hint = f"; near names: {', '.join(near)}" if near else ""
    return f"no task is named {name!r}{hint}. This app does not define it, and no worker of this store has told of it"


def _elsewhere() -> None:
    """Stands for a function that only workers have."""
