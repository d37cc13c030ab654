"""``headrace init``: a project that runs, from a template."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import click

from headrace.cli.faults import usage

TEMPLATES = {
    "hello": "one task, and a test of it",
    "web": "a web service on the standard library that enqueues, and a worker",
    "fastapi": "the same with FastAPI: answers at once, and tells how far a job is",
    "django": "a Django site that stores an order and its job in one commit",
    "etl": "files in, rows in SQLite out, each file a job",
}
TEMPLATE_DEFAULT = "hello"
NEEDS = {"fastapi": ("fastapi", "uvicorn", "httpx2"), "django": ("django",)}
"""What a template imports beside headrace; its README says the same."""
SUFFIX = ".tmpl"
"""What the files of a template end with, so that no tool takes them for source of this package."""


@click.command("init")
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default=Path())
@click.option("--template", type=click.Choice(list(TEMPLATES)), help=f"What to start from. [{TEMPLATE_DEFAULT}]")
def command(folder: Path, template: str | None) -> None:
    """Write a small project into DIR, or into this folder: an app, its settings, and a test that passes.

    hello has one task; web is a web service that enqueues, with the standard library alone, fastapi and django are one
    with that framework; etl loads files into SQLite. Files that are there already are never overwritten.

    \b
    Examples:
      headrace init shop
      headrace init shop --template fastapi
    """
    if template is None and str(folder) in TEMPLATES:
        raise usage(
            f"{folder} is the name of a template, and DIR is where the project goes",
            fixes=[f"headrace init shop --template {folder}", f"headrace init {folder} --template {TEMPLATE_DEFAULT}"],
        )
    template = template or TEMPLATE_DEFAULT
    files = template_files(template)
    taken = [name for name in files if (folder / name).exists()]
    if taken:
        raise usage(
            f"{folder / taken[0]} is there already, and nothing is overwritten",
            code="18",
            notes=[f"these are in the way: {', '.join(taken)}"],
            fixes=[f"headrace init {folder / 'new'} --template {template}"],
        )
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        click.echo(path)
    missing = [name for name in NEEDS.get(template, ()) if find_spec(name) is None]
    steps = [f"pip install {' '.join(missing)}"] if missing else []
    steps += [] if folder == Path() else [f"cd {folder}"]
    click.echo("\n  ".join(["\nTry", *steps, "pytest", "headrace dev", "cat README.md"]), err=True)


def template_files(name: str) -> dict[str, str]:
    """The files of a template, by their name in the project."""
    base = Path(__file__).parent / "templates" / name
    found = sorted(path for path in base.rglob(f"*{SUFFIX}"))
    return {str(path.relative_to(base)).removesuffix(SUFFIX): path.read_text("utf-8") for path in found}
