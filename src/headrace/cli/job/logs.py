"""``headrace job logs``."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.ids import not_found, resolve_id
from headrace.cli.job.get import log_text
from headrace.cli.output import encode, note, output_options
from headrace.cli.redacting import conceal, reveal_option
from headrace.cli.stores import resolve_store, store_option, with_store

if TYPE_CHECKING:
    from headrace.app import Headrace

LOOK_EVERY_S = 0.5
"""Workers write log lines about once a second; the end itself is signalled and seen at once."""

Line = dict[str, Any]


@click.command("logs")
@click.argument("job_id", metavar="ID")
@click.option("-f", "--follow", is_flag=True, help="Go on with new lines until the job has ended.")
@reveal_option
@store_option
@output_options("table", "ndjson")
def command(job_id: str, follow: bool, reveal: bool, store: str | None, output: str) -> None:
    """What a job's handler has logged, the oldest line first. The latest lines of each job are kept.

    \b
    Examples:
      headrace job logs 019a0b0c-0d0e-7123-bfff-ffffffffffff
      headrace job logs @last -o ndjson
    """

    async def tell(app: Headrace) -> int:
        whole = await resolve_id(app, job_id)
        lines = await _read(app, whole, reveal=reveal)
        _print(lines, output)
        if not follow:
            return len(lines)
        ended = asyncio.ensure_future(app.settled(whole))
        try:
            while not ended.done():
                await asyncio.wait([ended], timeout=LOOK_EVERY_S)
                # Asked once more after the end: its last lines are stored before it.
                before, lines = lines, await _read(app, whole, reveal=reveal)
                _print(new_lines(before, lines), output)
        finally:
            ended.cancel()
            await asyncio.gather(ended, return_exceptions=True)
        return len(lines)

    if not with_store(resolve_store(store), tell) and output == "table":
        note("it has logged nothing")


async def _read(app: Headrace, job_id: str, *, reveal: bool) -> list[Line]:
    import msgspec

    from headrace.errors import JobNotFound

    try:
        job = await app.get(job_id)
    except JobNotFound:
        raise not_found(job_id) from None
    lines = [msgspec.to_builtins(line, builtin_types=(datetime,)) for line in await app.logs(job_id)]
    [view] = await conceal(app, [job], [{"logs": lines}], reveal=reveal)
    told: list[Line] = view["logs"]
    return told


def _print(lines: Sequence[Line], output: str) -> None:
    for line in lines:
        click.echo(encode(line) if output == "ndjson" else log_text(line).strip())


def new_lines(before: Sequence[Line], now: Sequence[Line]) -> Sequence[Line]:
    """What was added since, although a job keeps only its latest lines, so that the first may be gone.

    >>> new_lines([1, 2, 3], [2, 3, 4]), new_lines([], [1]), new_lines([1], [2])
    ([4], [1], [2])
    """
    for gone in range(len(before) + 1):
        kept = before[gone:]
        if list(now[: len(kept)]) == list(kept):
            return now[len(kept) :]
    return now
