"""What can stand at a place of the command line: the names of queues, tasks, profiles, settings and newest jobs.

A shell asks for it at every press of the tab key, so it must take no longer than a blink. What is in the store comes
from a small file that is at most half a minute old; an older one is used all the same, and renewed behind it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import click
from click.shell_completion import CompletionItem

FRESH_S = 30.0
NEWEST = 100
"""Jobs looked at for the names of tasks, and offered as ids."""

_STATES = ("scheduled", "queued", "waiting", "running", "succeeded", "dead", "cancelled", "expired")


def complete_values(command: click.Command) -> None:
    """Let a command's options and arguments complete, by what they are called."""
    for param in command.params:
        names = _NAMES.get(param.name or "") or _NAMES.get((param.metavar or param.name or "").strip("[].").lower())
        if names is not None:
            param.shell_complete = _completer(names)  # type: ignore[method-assign, assignment]


def _completer(names: Callable[[], list[str]]) -> Callable[[click.Context, str], list[CompletionItem]]:
    def complete(ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        with suppress(Exception), ctx.scope(cleanup=False):  # a shell that completes has nowhere to show an error
            return [CompletionItem(name) for name in names() if name.startswith(incomplete)]
        return []

    return complete


def _queues() -> list[str]:
    return stored("queues")


def _tasks() -> list[str]:
    return stored("tasks")


def _ids() -> list[str]:
    return ["@last", "@failed", *stored("ids")]


def _states() -> list[str]:
    return list(_STATES)


def _profiles() -> list[str]:
    from headrace.cli.profile.places import profiles

    return list(profiles().all())


def _settings() -> list[str]:
    from headrace.config.keys import all_keys

    return list(all_keys())


def _topics() -> list[str]:
    from headrace.cli.topics import TOPICS

    return list(TOPICS)


_NAMES: dict[str, Callable[[], list[str]]] = {
    "queue": _queues,
    "queues": _queues,
    "task": _tasks,
    "tasks": _tasks,
    "state": _states,
    "states": _states,
    "profile": _profiles,
    "id": _ids,
    "job_id": _ids,
    "ids": _ids,
    "key": _settings,
    "topic": _topics,
}


def stored(kind: str) -> list[str]:
    """Names of a kind from the store of this folder and configuration; none where there is no store."""
    url = _url()
    if url is None:
        return []
    path = _cache_file(url)
    try:
        known = json.loads(path.read_text("utf-8"))
        age = time.time() - path.stat().st_mtime
    except (OSError, ValueError):
        known, age = refresh(url), 0.0
    if age > FRESH_S:
        _refresh_behind()
    names = known.get(kind, [])
    return [str(name) for name in names]


def refresh(url: str | None = None) -> dict[str, list[str]]:
    """Ask the store, and keep what it says."""
    from headrace.cli.stores import with_store

    url = url or _url()
    if url is None:
        return {}

    async def ask(app: object) -> dict[str, list[str]]:
        from headrace.app import Headrace

        assert isinstance(app, Headrace)
        jobs = (await app.find(limit=NEWEST)).items
        return {
            "queues": sorted(queue.name for queue in await app.queues()),
            "tasks": sorted({job.task for job in jobs}),
            "ids": [job.id for job in jobs],
        }

    known = with_store(url, ask)
    path = _cache_file(url)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps(known), "utf-8")
        temporary.replace(path)
    return known


def _url() -> str | None:
    from headrace.cli.settings import configured_store
    from headrace.cli.stores import FILE_DEFAULT, resolve_store

    if not configured_store() and not os.path.exists(FILE_DEFAULT):
        return None
    return resolve_store(None)


def _cache_file(url: str) -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    name = sha256(f"{os.getcwd()} {url}".encode()).hexdigest()[:16]
    return Path(base) / "headrace" / f"complete-{name}.json"


def _refresh_behind() -> None:
    subprocess.Popen(
        [sys.executable, "-m", "headrace.cli", "completion", "--refresh"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={name: value for name, value in os.environ.items() if name != "_HEADRACE_COMPLETE"},
    )
