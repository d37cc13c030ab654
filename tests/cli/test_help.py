"""Every command explains itself, and every example in its help runs."""

import asyncio
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from msgspec import structs

from headrace import Headrace
from headrace.app.catalogue import publish
from headrace.app.webhooks.records import WebhookRecords
from headrace.cli.lazy import LazyGroup
from headrace.cli.root import root
from headrace.engine.operation_store import OperationStore
from headrace.model.job import ErrorInfo
from headrace.model.operation import OperationId
from headrace.model.outcome import Failed
from headrace.testing.conformance.builders import claim_one, enqueue, finish, job
from tests.cli.support import SAMPLE, Cli, Spawn, run_jobs

ID = "019a0b0c-0d0e-7123-bfff-ffffffffffff"
"""The id that the examples name; they are run on a store that holds it."""

FINGERPRINT = "9f2b6a01c3d4"
"""The error that the examples name."""


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, LazyGroup):
        for name in command.table:
            inner = command.get_command(click.Context(command), name)
            assert inner is not None
            yield from commands(inner, (*path, name))


ALL = dict(commands(root))


def examples() -> list[str]:
    found: dict[str, None] = {}
    for command in ALL.values():
        for line in (command.help or "").splitlines():
            if line.strip().startswith("headrace "):
                found[line.strip()] = None
    return list(found)


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_has_help_with_an_example(cli: Cli, path: tuple[str, ...]) -> None:
    text = cli.ok(*path, "--help")

    assert text == cli.ok(*path, "-h")
    assert "Examples:" in text
    assert max(len(line) for line in text.splitlines()) <= 100


@pytest.mark.parametrize("path", [path for path in ALL if path and isinstance(ALL[path], LazyGroup)], ids=" ".join)
def test_a_group_without_a_verb_shows_its_help(cli: Cli, path: tuple[str, ...]) -> None:
    result = cli(*path)

    assert result.exit_code == 2
    assert "Commands:" in result.output


def long_running(line: str) -> bool:
    words = line.split()
    if words[1] in ("demo", "dev", "server") or words[1:3] in (["event", "tail"], ["webhook", "test"]):
        return True
    return words[1] == "worker" and words[2] not in ("list", "quiet", "resume", "stop", "log-level")


def of_a_server(line: str) -> bool:
    """Of a store with users, and a way back: tests/postgres runs these."""
    words = line.split()
    return words[1:3] == ["store", "grants"] or words[1:4] == ["store", "migrate", "down"]


@pytest.mark.parametrize("line", [line for line in examples() if not long_running(line) and not of_a_server(line)])
def test_an_example_runs(line: str, folder: Path, url: str, app: Headrace) -> None:
    prepare(line, url, app)
    (folder / "myapp.py").write_text(SAMPLE.replace('name="greet"', 'name="myapp.greet"'))
    (folder / "app.py").write_text(SAMPLE)
    (folder / "nightly.yaml").write_text("- enqueue: {task: greet, args: {name: Ada}}\n- pause: mail\n")
    bin_folder = folder / "bin"
    bin_folder.mkdir()
    script = bin_folder / "headrace"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m headrace.cli "$@"\n')
    script.chmod(0o755)
    path = f"{bin_folder}{os.pathsep}{os.environ['PATH']}"

    done = subprocess.run(
        ["sh", "-c", line],
        cwd=folder,
        env={**os.environ, "HEADRACE_STORE": url, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


PROFILES = """
profile_in_use = "prod"
profile_before = "local"

[profile.prod]
store = "sqlite:///prod.db"

[profile.local]
store = "sqlite:///local.db"
"""


def prepare(line: str, url: str, app: Headrace) -> None:
    """Put a job into the store that is in the state the example needs."""

    @app.task(name="greet", queue="mail")
    def greet(name: str) -> None: ...

    app.sync.enqueue(greet.call("Ada").options(job_id=ID))
    app.sync.schedules.create("nightly", "@hourly", greet.call("Ada"))
    profiles = Path(os.environ["XDG_CONFIG_HOME"]) / "headrace" / "config.toml"
    profiles.parent.mkdir(parents=True)
    names = "" if "create" in line else PROFILES
    profiles.write_text(names)
    if line.startswith(("headrace limit get", "headrace limit remove")):
        for target in ("queue:mail", "key:mail:tenant-7"):
            app.sync.limit(target, concurrency=3)
    if "retry" in line or "drain" in line:
        app.sync.cancel([ID])
    if line.startswith("headrace task"):
        app.sync.cancel([ID])  # of a task that the example's app does not know
        app.sync._run(lambda desk: publish(desk.backend.kv, [greet], desk.backend.clock.now()))
    if line.startswith(("headrace key get", "headrace key revoke")):
        app.sync._run(lambda desk: desk.keys.create("shop", scopes=["submit"]))
    ended = line.startswith(("headrace operation watch", "headrace operation undo"))
    asyncio.run(prepare_dead_letters(url, ended=ended))
    if line.startswith("headrace webhook"):
        asyncio.run(prepare_webhook(url))
    if "watch" in line or "wait" in line:
        run_jobs(url, 1)


async def prepare_webhook(url: str) -> None:
    """A webhook with the id that examples name."""
    async with Headrace(url) as app:
        webhook = await app.webhooks.add("https://example.com/hooks")
        await WebhookRecords(app.backend.kv).add(structs.replace(webhook, id=f"wh-{ID}"))


async def prepare_dead_letters(url: str, *, ended: bool) -> None:
    """A dead job with the error that examples name, and an operation with their id, under way or ended."""
    async with Headrace(url) as app:
        await enqueue(app.backend, job(queue="dead"))
        error = ErrorInfo(type="E", message="no", fingerprint=FINGERPRINT)
        await finish(app.backend, await claim_one(app.backend, queue="dead"), Failed(error=error))
        begin = app.bulk.run if ended else app.bulk.start
        operation = await begin("cancel", where="queue:nothing")
        await OperationStore(app.backend.kv).add(structs.replace(operation, id=OperationId(f"op-{ID}")))
        if not ended:
            await app.bulk.abort(operation.id)


@pytest.mark.parametrize(
    "line", [line for line in examples() if line.startswith(("headrace worker", "headrace dev")) and long_running(line)]
)
def test_an_example_of_a_worker_becomes_ready_and_stops(line: str, folder: Path, spawn: Spawn) -> None:
    (folder / "app.py").write_text(SAMPLE)

    worker = spawn(*shlex.split(line)[1:])
    worker.wait_for("is ready")

    assert worker.stop() == 0


def test_there_are_examples() -> None:
    assert len(examples()) > 30
    assert not [line for line in examples() if re.search(r"[<>]", line)]
