"""``headrace demo``: the main job on real input, with a worker killed in the middle."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from headrace.cli.faults import Exit, usage
from headrace.cli.stores import resolve_store

OWN_SERVER = "postgresql"


@click.command("demo")
@click.option(
    "--dir", "folder", type=click.Path(path_type=Path), help="Where to put the file. [a new temporary folder]"
)
@click.option("--keep/--no-keep", default=True, help="Leave the file behind, or delete it at the end. [keep]")
@click.option(
    "--store",
    metavar="URL",
    help="An empty store; 'postgresql' for a server that is started for it and ended. [a file in the folder]",
)
@click.option("--workers", type=click.IntRange(1), default=2, help="Worker processes. [2]")
@click.option("--no-kill", is_flag=True, help="Kill no worker.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Index only N of the files.")
def command(folder: Path | None, keep: bool, store: str | None, workers: int, no_kill: bool, limit: int | None) -> int:
    """Index the Python source that ships with the interpreter: one job for each file, two worker processes.

    In the middle one worker is killed with SIGKILL; its jobs come back and finish elsewhere. Files that do not parse
    end dead with their SyntaxError, and a few jobs meet an injected fault and succeed when retried. The last job
    makes a report, which is then compared with a plain loop over the same files: exit 0 when every figure agrees.

    \b
    Examples:
      headrace demo
      headrace demo --limit 300 --no-keep
      headrace demo --store postgresql
    """
    import asyncio

    from headrace.cli.demo.driver import Demo
    from headrace.cli.demo.figures import source_files
    from headrace.cli.demo.progress import ProgressLine
    from headrace.cli.demo.text import next_steps, summary

    place = _make_folder(folder)
    files, progress = source_files(limit), ProgressLine(sys.stderr)
    try:
        with _place_of(store, place) as url:
            demo = Demo(files, place, url, workers=workers, kill=not no_kill, progress=progress)
            outcome = asyncio.run(demo.run())
    finally:
        if not keep:
            _clear(place, made_by_us=folder is None)
    for line in summary(outcome):
        click.echo(line)
    if keep:
        for line in next_steps(None if store == OWN_SERVER else url, place):
            click.echo(line)
    return Exit.FAILED if outcome.problems else Exit.DONE


@contextmanager
def _place_of(store: str | None, folder: Path) -> Iterator[str]:
    """The URL of the store, while its server, where it needs one of its own, is up."""
    if store is None:
        yield f"sqlite:///{folder / 'demo.db'}"
    elif store != OWN_SERVER:
        yield resolve_store(store, may_create=True)
    else:
        from headrace.testing.postgres import PostgresServer

        with PostgresServer() as server:
            yield server.url()


def _make_folder(folder: Path | None) -> Path:
    if folder is None:
        from tempfile import mkdtemp

        return Path(mkdtemp(prefix="headrace-demo-"))
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise usage(
            f"--dir {folder}: there is something already, and the demo overwrites nothing",
            code="18",
            fixes=["name a new or empty folder, or leave --dir out"],
        )
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


def _clear(place: Path, *, made_by_us: bool) -> None:
    from shutil import rmtree

    if made_by_us:
        rmtree(place, ignore_errors=True)
        return
    for each in place.iterdir():
        rmtree(each, ignore_errors=True) if each.is_dir() else each.unlink()
