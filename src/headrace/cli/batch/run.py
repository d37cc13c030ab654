"""``headrace batch run``."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.batch.reading import Step, read_steps
from headrace.cli.durations import parse_instant
from headrace.cli.faults import Exit, Fault, usage
from headrace.cli.ids import resolve_id
from headrace.cli.output import Column, encode, note, output_options, print_list
from headrace.cli.stores import resolve_store, store_option, with_store

if TYPE_CHECKING:
    from headrace.app import Headrace


@click.command("run")
@click.argument("file", metavar="FILE")
@click.option("--continue-on-error", is_flag=True, help="Go on after a step that failed.")
@click.option("--dry-run", is_flag=True, help="Only read and check the file.")
@store_option
@output_options()
def command(file: str, continue_on_error: bool, dry_run: bool, store: str | None, output: str) -> int:
    """Carry out the steps of FILE in order. - reads stdin.

    FILE is a YAML or JSON list of steps, or one JSON object a line. A step is one of enqueue, retry, cancel, delete,
    pause and resume. The whole file is checked before the first step. Exit 8 when some steps failed, 1 when all did.

    \b
      - enqueue: {task: myapp.greet, args: {name: Ada}, queue: mail, delay: 5m, tags: [eu]}
      - cancel: [019a0b0c-0d0e-7123-bfff-ffffffffffff]
      - pause: mail

    \b
    Examples:
      headrace batch run nightly.yaml
      headrace batch run nightly.yaml --dry-run
      echo '{"pause": "mail"}' | headrace batch run - --continue-on-error
    """
    steps = read_steps(*_read(file))
    if dry_run:
        note(f"{len(steps)} steps, all can be read; nothing was done")
        return Exit.DONE

    async def act(app: Headrace) -> list[dict[str, Any]]:
        done: list[dict[str, Any]] = []
        for number, step in enumerate(steps, start=1):
            done.append({"step": number, "verb": step.verb, **await _try(app, step)})
            if not done[-1]["ok"] and not continue_on_error:
                break
        return done

    done = with_store(resolve_store(store, may_create=True), act)
    print_list(output, "headrace.batch.run/1", done, _COLUMNS, name="answer")
    failed = [each for each in done if not each["ok"]]
    left = len(steps) - len(done)
    if left:
        note(f"{left} steps were not tried; --continue-on-error goes on after one that failed")
    if not failed:
        return Exit.DONE
    return Exit.PARTLY_DONE if len(failed) < len(done) else Exit.FAILED


def _read(file: str) -> tuple[str, str]:
    if file == "-":
        return sys.stdin.read(), "stdin"
    try:
        return Path(file).read_text("utf-8"), file
    except (OSError, UnicodeDecodeError) as error:
        raise usage(f"{file} cannot be read: {error}", code="43", word=file) from None


async def _try(app: Headrace, step: Step) -> dict[str, Any]:
    """Do one step; what is wrong with it is its answer, so that the others can go on."""
    from headrace.errors import HeadraceError, Unavailable

    try:
        return {"ok": True, "answer": await _do(app, step)}
    except Unavailable:
        raise
    except (HeadraceError, Fault) as error:
        return {"ok": False, "answer": f"{step.place}: {error}"}


async def _do(app: Headrace, step: Step) -> str:
    if step.verb == "enqueue":
        return await _enqueue(app, step.what)
    if step.verb in ("pause", "resume"):
        for queue in step.what:
            await (app.pause(queue, reason="by a batch") if step.verb == "pause" else app.resume(queue))
        return " ".join(step.what)
    ids = [await resolve_id(app, each) for each in step.what]
    answers = await getattr(app, step.verb)(ids)
    stuck = [f"{each.id} is {each.state.value if each.state else 'not there'}" for each in answers if not each.changed]
    if stuck:
        raise Fault(Exit.WRONG_STATE, "01", f"{step.verb} does not apply: {'; '.join(stuck)}")
    return " ".join(ids)


async def _enqueue(app: Headrace, what: dict[str, Any]) -> str:
    from headrace.cli.job.enqueue import call_of_unknown
    from headrace.model.durations import parse_duration

    options: dict[str, Any] = {name: value for name, value in what.items() if name not in ("task", "args", "metadata")}
    for name in ("delay", "timeout", "expires_in"):
        if name in options:
            options[name] = parse_duration(options[name])
    if "run_at" in options:
        options["run_at"] = parse_instant(options["run_at"], datetime.now(UTC), ahead=True)
    if "metadata" in what:
        options["meta"] = what["metadata"]
    call = call_of_unknown(app, what["task"], encode(what.get("args", {})).encode())
    handle = await app.enqueue(call.options(**options))
    return str(handle.id)


_COLUMNS = [
    Column("STEP", lambda step: str(step["step"])),
    Column("VERB", lambda step: step["verb"]),
    Column("DONE", lambda step: "yes" if step["ok"] else "no"),
    Column("ANSWER", lambda step: step["answer"]),
]
