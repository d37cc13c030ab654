"""``headrace job explain``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.durations import rfc3339
from headrace.cli.ids import not_found, resolve_id
from headrace.cli.output import Output, encode, output_options, print_item
from headrace.cli.stores import resolve_store, store_option, with_store

if TYPE_CHECKING:
    from headrace.app import Headrace


@click.command("explain")
@click.argument("job_id", metavar="ID")
@store_option
@output_options("table", "json", "name")
def command(job_id: str, store: str | None, output: Output) -> None:
    """Why a job is not running: the reason in a sentence, the facts it rests on, and what would change it.

    \b
    Examples:
      headrace job explain 019a0b0c-0d0e-7123-bfff-ffffffffffff
    """

    async def ask(app: Headrace) -> dict[str, Any]:
        from msgspec import to_builtins

        from headrace.errors import JobNotFound

        whole = await resolve_id(app, job_id)
        try:
            explanation = await app.explain(whole)
        except JobNotFound:
            raise not_found(whole) from None
        return {"id": whole, **to_builtins(explanation, builtin_types=(datetime,))}

    print_item(output, "headrace.job.explain/1", with_store(resolve_store(store), ask), _lines)


def _lines(item: Mapping[str, Any]) -> Iterator[str]:
    yield item["sentence"]
    for name, value in item["evidence"].items():
        if value not in (None, [], ""):
            yield f"  {name:<14} {_shown(value)}"
    if item["remedy"]:
        yield f"try: {item['remedy']}"


def _shown(value: Any) -> str:
    if isinstance(value, datetime):
        return rfc3339(value)
    return value if isinstance(value, str) else encode(value)
