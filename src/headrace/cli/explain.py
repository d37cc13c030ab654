"""``headrace explain``: what an error code means, or why a job does not run."""

from __future__ import annotations

import textwrap

import click

from headrace.cli.faults import Exit, did_you_mean, usage
from headrace.cli.output import ITEM, Column, output_options, print_item, print_list

WIDTH = 96


@click.command("explain")
@click.argument("code", metavar="[CODE|job:ID]", required=False)
@output_options(*ITEM)
@click.pass_context
def command(context: click.Context, code: str | None, output: str) -> None:
    """What an error code means, and what helps; without CODE all of them. Of job:ID, why the job is not running.

    \b
    Examples:
      headrace explain HR-E0202
      headrace explain job:019a0b0c-0d0e-7123-bfff-ffffffffffff
      headrace explain --json
    """
    from headrace.cli.codes import CODES

    if code is None:
        items = [_view(each) for each in CODES]
        columns = [Column("CODE", lambda item: item["code"]), Column("MEANING", lambda item: item["title"])]
        print_list(output, "headrace.explain.list/1", items, columns, name="code")
        return
    if code.startswith("job:"):
        from headrace.cli.job.explain import command as explain_job

        context.invoke(explain_job, job_id=code.removeprefix("job:"), store=None, output=output)
        return
    wanted = code.upper() if code.upper().startswith("HR-") else f"HR-{code.upper()}"
    if wanted not in CODES:
        notes = [note for note in did_you_mean(wanted, CODES, what="codes") if note.startswith("did")]
        raise usage(f"no code {code!r}", code="26", word=code, notes=notes, fixes=["headrace explain"])
    print_item(
        output,
        "headrace.explain/1",
        _view(wanted),
        lambda item: [
            f"{item['code']}: {item['title']}",
            "",
            *textwrap.wrap(item["text"], WIDTH),
            "",
            f"The command ends with {item['exit_code']}: see headrace help exit-codes.",
        ],
        name="code",
    )


def _view(code: str) -> dict[str, object]:
    from headrace.cli.codes import CODES

    page = CODES[code]
    return {"code": code, "title": page.title, "text": page.text, "exit_code": int(Exit(int(code[4:6])))}
