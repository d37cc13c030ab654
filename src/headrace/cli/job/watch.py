"""``headrace job watch``."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.durations import Duration, rfc3339
from headrace.cli.faults import Exit
from headrace.cli.ids import resolve_id
from headrace.cli.job.get import log_text, read_whole_job
from headrace.cli.job.list import progress_text
from headrace.cli.output import encode, output_options
from headrace.cli.stores import resolve_store, store_option, with_store

if TYPE_CHECKING:
    from headrace.app import Headrace

LOOK_EVERY_S = 0.5
"""Progress and log lines are written about once a second; the end itself is signalled and seen at once."""

TIMED_OUT = 7
_FINAL = ("succeeded", "dead", "cancelled", "expired")


@click.command("watch")
@click.argument("job_id", metavar="ID")
@click.option("--timeout", type=Duration(), metavar="TIME", help="Give up after this long, with exit code 7.")
@store_option
@output_options("table", "ndjson")
def command(job_id: str, timeout: timedelta | None, store: str | None, output: str) -> int:
    """Follow a job until it has ended: its states, progress and log lines. Exit 0 if it succeeded, 9 if not.

    \b
    Examples:
      headrace job watch 019a0b0c-0d0e-7123-bfff-ffffffffffff --timeout 30s
    """

    async def follow(app: Headrace) -> str | None:
        whole_id = await resolve_id(app, job_id)
        try:
            async with asyncio.timeout(None if timeout is None else timeout.total_seconds()):
                return await _follow(app, whole_id, output)
        except TimeoutError:
            return None

    state = with_store(resolve_store(store), follow)
    if state is None:
        return TIMED_OUT
    return Exit.DONE if state == "succeeded" else Exit.BAD_ANSWER


async def _follow(app: Headrace, job_id: str, output: str) -> str:
    teller = _Teller(output)
    job = await read_whole_job(app, job_id)
    ended = asyncio.ensure_future(app.settled(job_id))
    try:
        while True:
            teller.tell(job)
            if job["state"] in _FINAL:
                return str(job["state"])
            await asyncio.wait([ended], timeout=LOOK_EVERY_S)
            job = await read_whole_job(app, job_id)
    finally:
        ended.cancel()
        await asyncio.gather(ended, return_exceptions=True)


class _Teller:
    """Prints what is new since the last look."""

    def __init__(self, output: str) -> None:
        self._output = output
        self._state: tuple[str, int] | None = None
        self._progress: Any = None
        self._lines = 0

    def tell(self, job: dict[str, Any]) -> None:
        for line in job["logs"][self._lines :]:
            self._print({"log": line}, log_text(line).strip())
        self._lines = len(job["logs"])
        if job["progress"] and job["progress"] != self._progress:
            self._progress = job["progress"]
            self._print({"progress": self._progress}, f"progress {progress_text(self._progress)}")
        if (job["state"], job["attempt"]) != self._state:
            self._state = (job["state"], job["attempt"])
            self._print({"state": job["state"], "attempt": job["attempt"]}, _state_text(job))

    def _print(self, change: dict[str, Any], text: str) -> None:
        click.echo(encode(change) if self._output == "ndjson" else text)


def _state_text(job: dict[str, Any]) -> str:
    text = f"{job['state']}"
    if job["state"] == "running":
        return f"{text} attempt {job['attempt']} of {job['max_attempts']} on {job['worker']}"
    if job["state"] == "scheduled":
        return f"{text} for {rfc3339(job['run_at'])}"
    if job["state"] == "succeeded":
        return f"{text}: {encode(job['result'])}"
    why = job["reason"] or (job["error"] and f"{job['error']['type']}: {job['error']['message']}")
    return f"{text}: {why}" if why else text
