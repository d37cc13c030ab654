"""``headrace job export`` and ``headrace job import``: jobs in a file, one a line."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from headrace.cli.faults import Exit, usage
from headrace.cli.output import note, output_options, print_item
from headrace.cli.query import read_query
from headrace.cli.redacting import reveal_option
from headrace.cli.stores import refuse_server, resolve_store, store_option, with_store

if TYPE_CHECKING:
    from headrace.app import Headrace
    from headrace.cli.job.exported import ExportedJob

PAGE = 500


@click.command("export")
@click.argument("terms", metavar="QUERY...", nargs=-1, required=True)
@click.option("--to", metavar="FILE", required=True, help="Where to write, one job a line; - for stdout.")
@reveal_option
@store_option
def export(terms: tuple[str, ...], to: str, reveal: bool, store: str | None) -> None:
    """Write the jobs that match into a file, one a line of JSON: to look at, to keep, or to import elsewhere.

    Nothing is changed. What tasks redact is left out, and a job of which something is left out cannot be imported;
    --reveal writes all of it, so keep the file as you keep the store. A file that is there is not overwritten.

    \b
    Examples:
      headrace job export state:dead task:mail.send --to dead.ndjson
      headrace job export queue:mail state:queued --to queued.ndjson --reveal
    """
    import msgspec

    from headrace.app.catalogue import find_tasks
    from headrace.cli.job.exported import exported
    from headrace.model.page import JobQuery

    query = JobQuery(where=read_query(terms))
    url = resolve_store(store)
    refuse_server(url, "jobs as they are stored")

    async def write(app: Headrace) -> Counter[str]:
        told: Counter[str] = Counter()
        cursor: str | None = None
        with _target(to) as file:
            while True:
                page = await app.backend.reader.find(query, cursor=cursor, limit=PAGE)
                records = await find_tasks(app.backend.kv, [job.task for job in page.items])
                for job in page.items:
                    rules = records[job.task].redact if job.task in records else ()
                    line = exported(job, rules, reveal=reveal)
                    file.write(msgspec.json.encode(line) + b"\n")
                    told.update(jobs=1, redacted=line.redacted)
                cursor = page.next_cursor
                if cursor is None:
                    return told

    told = with_store(url, write)
    note(f"{told['jobs']:,} jobs")
    if told["redacted"]:
        note(
            f"{told['redacted']:,} without what their tasks redact: they cannot be imported; --reveal exports all of it"
        )


@contextmanager
def _target(to: str) -> Iterator[IO[bytes]]:
    """Where to write. A file is there once it is whole."""
    if to == "-":
        yield sys.stdout.buffer
        return
    path = Path(to)
    part = path.with_name(f"{path.name}.part")
    if path.exists():
        raise usage(f"{to} is there already, and nothing is overwritten", code="76", word=to)
    try:
        # For its owner alone: arguments are in it.
        part.touch(mode=0o600)
        with part.open("wb") as file:
            yield file
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)


@click.command("import")
@click.argument("file", metavar="FILE", type=click.File("rb"))
@click.option("--keep-ids", is_flag=True, help="Keep the ids; a job that the store knows is not touched.")
@click.option("--dry-run", is_flag=True, help="Read the file, and enqueue nothing.")
@store_option
@output_options("table", "json")
def import_jobs(file: IO[bytes], keep_ids: bool, dry_run: bool, store: str | None, output: str) -> int:
    """Enqueue the jobs of a file that job export wrote, each as if it had just been enqueued. - reads from stdin.

    Whatever state a job was in, it is queued, or scheduled if its time has not come: export what is to run. A job
    whose idempotency or unique key the store knows is not enqueued a second time. Exit 8 when lines were left out
    because something is redacted in them. A line that cannot be read stops all, before anything is enqueued.

    \b
    Examples:
      headrace job export state:dead --to - | headrace job import --dry-run -
      headrace job export state:dead --to - --reveal | headrace job import --store sqlite:///new.db -
    """
    from headrace.cli.job.exported import imported

    url = resolve_store(store, may_create=True)
    refuse_server(url, "to store jobs as they were exported")
    lines = _read(file)
    whole = [imported(line, keep_id=keep_ids) for line in lines if not line.redacted]
    told: dict[str, Any] = {"read": len(lines), "redacted": len(lines) - len(whole), "dry_run": dry_run}

    async def enqueue(app: Headrace) -> tuple[int, int]:
        added = present = 0
        most = app.backend.capabilities.max_batch
        for start in range(0, len(whole), most):
            replies = await app.backend.jobs.enqueue_many(whole[start : start + most])
            added += sum(reply.added for reply in replies)
            present += sum(not reply.added for reply in replies)
        return added, present

    added, present = (0, 0) if dry_run else with_store(url, enqueue)
    told |= {"enqueued": added, "present": present}
    print_item(output, "headrace.job.import/1", told, _lines)
    return Exit.PARTLY_DONE if told["redacted"] else Exit.DONE


def _read(file: IO[bytes]) -> list[ExportedJob]:
    import msgspec

    from headrace.cli.job.exported import ExportedJob

    decoder = msgspec.json.Decoder(ExportedJob)
    found = []
    for number, line in enumerate(file, start=1):
        try:
            found.append(decoder.decode(line))
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            notes = [f"line {number}: {error}", "nothing was enqueued"]
            raise usage("the file is not one that job export wrote", code="77", notes=notes) from None
    return found


def _lines(told: Any) -> Iterator[str]:
    if told["dry_run"]:
        yield f"would enqueue {told['read'] - told['redacted']:,} of {told['read']:,} jobs"
    else:
        yield f"{told['enqueued']:,} of {told['read']:,} jobs enqueued"
    if told["present"]:
        yield f"{told['present']:,} are there already, or work with their key is"
    if told["redacted"]:
        yield f"{told['redacted']:,} left out: something is redacted in them; export them with --reveal"
