"""``headrace job list``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.durations import Instant, ago, rfc3339
from headrace.cli.output import Column, Item, note, output_options, print_list
from headrace.cli.query import STATES, check_states, read_query
from headrace.cli.redacting import conceal, reveal_option
from headrace.cli.stores import resolve_store, store_option, with_store
from headrace.cli.views import job_view, when_of

if TYPE_CHECKING:
    from headrace.app import Headrace
    from headrace.model.job import Job
    from headrace.model.page import Page


@click.command("list")
@click.argument("terms", metavar="[QUERY]...", nargs=-1)
@click.option("--state", "states", multiple=True, metavar="STATE", help=f"One of {', '.join(STATES)}. Repeatable.")
@click.option("--queue", "queues", multiple=True, metavar="NAME", help="Jobs of this queue. Repeatable.")
@click.option("--task", "tasks", multiple=True, metavar="NAME", help="Jobs of this task. Repeatable.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Jobs with this tag; of several, with all.")
@click.option("--since", type=Instant(), metavar="TIME", help="Enqueued since: 2h, or 2025-01-31T09:00:00Z.")
@click.option("--until", type=Instant(), metavar="TIME", help="Enqueued before.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, metavar="N", help="Jobs on a page. [50]")
@click.option("--cursor", metavar="CURSOR", help="Go on where a page ended.")
@reveal_option
@store_option
@output_options()
def command(
    terms: tuple[str, ...],
    states: tuple[str, ...],
    queues: tuple[str, ...],
    tasks: tuple[str, ...],
    tags: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    limit: int,
    cursor: str | None,
    reveal: bool,
    store: str | None,
    output: str,
) -> None:
    """The jobs that match, newest first.

    QUERY is a search, such as state:dead task:mail.* since:2h; headrace help query tells all of it. Parts that the
    shell would take apart belong in quotes: 'error:"connection refused"'.

    \b
    Examples:
      headrace job list
      headrace job list state:dead queue:mail since:2h
      headrace job list 'args.user.id:42 (attempt:3.. OR wait:5m..)'
      headrace job list --state queued --limit 10 --json
      headrace job list state:dead -o name | headrace job retry -
    """
    where = read_query(terms, asked=True)
    check_states(states)

    async def ask(app: Headrace) -> tuple[Page[Job], list[dict[str, Any]]]:
        page = await app.find(
            states=states, queues=queues, tasks=tasks, tags=tags, since=since, until=until, where=where,
            cursor=cursor, limit=limit,
        )  # fmt: skip
        return page, await conceal(app, page.items, [job_view(job) for job in page.items], reveal=reveal)

    page, items = with_store(resolve_store(store), ask)
    more = {"next_cursor": page.next_cursor, **({} if page.complete else {"reached": page.reached})}
    print_list(output, "headrace.job.list/1", items, _columns(datetime.now(UTC)), more=more)
    if output != "json":
        _tell_how_it_ended(page, output)


def _tell_how_it_ended(page: Page[Job], output: str) -> None:
    if not page.complete:
        note(
            f"{len(page.items)} jobs among those enqueued since {rfc3339(page.reached)}; "
            f"to look further back: --cursor {page.next_cursor}"
        )
    elif page.next_cursor is not None:
        note(f"{len(page.items)} jobs; next page: --cursor {page.next_cursor}")
    elif not page.items and output == "table":
        note("no job matches")


def _columns(now: datetime) -> list[Column]:
    return [
        Column("ID", lambda job: job["id"]),
        Column("TASK", lambda job: job["task"]),
        Column("QUEUE", lambda job: job["queue"]),
        Column("STATE", lambda job: job["state"]),
        Column("TRY", lambda job: f"{job['attempt']}/{job['max_attempts']}"),
        Column("WHEN", lambda job: ago(when_of(job), now)),
        Column("NOTE", lambda job: _note(job, now)),
        Column("PRIORITY", lambda job: str(job["priority"]), wide=True),
        Column("ENQUEUED", lambda job: ago(job["enqueued_at"], now), wide=True),
        Column("WORKER", lambda job: job["worker"] or "-", wide=True),
        Column("TAGS", lambda job: ",".join(job["tags"]) or "-", wide=True),
    ]


def _note(job: Item, now: datetime) -> str:
    parts = []
    if job["state"] == "scheduled" or (job["state"] == "queued" and job["error"]):
        parts.append(f"runs {ago(job['run_at'], now)}")
    # A discarded job's reason is what its error says.
    if job["reason"] and job["reason"] != (job["error"] or {}).get("message"):
        parts.append(job["reason"])
    if job["error"] and job["state"] != "succeeded":
        parts.append(f"{job['error']['type']}: {job['error']['message']}")
    if job["progress"] and job["state"] == "running":
        parts.append(progress_text(job["progress"]))
    return "; ".join(parts) or "-"


def progress_text(progress: Item) -> str:
    """Progress in few words.

    >>> progress_text({"done": 3.0, "total": 4.0, "note": "pages"})
    '75% (3 of 4) pages'
    """
    done, total, text = progress["done"], progress["total"], progress["note"]
    figures = f"{done:g}" if not total else f"{done / total:.0%} ({done:g} of {total:g})"
    return f"{figures} {text}".rstrip()
