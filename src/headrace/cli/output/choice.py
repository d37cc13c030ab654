"""The format that a command was asked for: ``-o`` and ``--json``."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, Self, TypeVar

import click

from headrace.cli.faults import did_you_mean, usage
from headrace.cli.settings import preferred_format

F = TypeVar("F", bound=Callable[..., Any])

FORMATS = ("table", "wide", "json", "ndjson", "yaml", "csv", "name")
"""``name`` prints one id or name a line, for ``xargs`` and ``headrace job retry -``."""

LIST = FORMATS
ITEM = ("table", "json", "yaml", "name")

ALL = "*"
"""What ``--json`` without fields means."""

_SHAPES = {"wide": "table", "yaml": "json"}
_META = "headrace.output"
_FIELDS = re.compile(r"\w[\w.]*(,\w[\w.]*)*")


class Output(str):
    """The chosen format. As text it is the *shape* a command has to make, ``json`` for YAML too.

    So a command tells data from text by ``output == "json"``, and the writing is left to ``print_list`` and
    ``print_json``. ``form`` is the very format; ``fields`` are those that ``--json a,b`` picks, empty for all.

    >>> Output.of("yaml") == "json", Output.of("wide") == "table", Output.of("yaml").form
    (True, True, 'yaml')
    """

    form: str
    fields: tuple[str, ...]

    @classmethod
    def of(cls, form: str, fields: tuple[str, ...] = ()) -> Self:
        """The output in that format; of one that was chosen already, itself."""
        if isinstance(form, cls):
            return form
        made = cls(_SHAPES.get(form, form))
        made.form = form
        made.fields = fields
        return made

    @property
    def for_people(self) -> bool:
        """True for tables: a person reads along, so hints are welcome."""
        return self == "table"


def chosen() -> Output:
    """The format of the command that runs; JSON where nothing was chosen."""
    ctx = click.get_current_context(silent=True)
    answer = None if ctx is None else ctx.meta.get(_META)
    return answer if isinstance(answer, Output) else Output.of("json")


def output_options(*formats: str) -> Callable[[F], F]:
    """The options ``-o`` and ``--json``; the command receives ``output``, an :class:`Output`.

    Without ``formats`` it is a list and can be had in all. Who can print a list as JSON lines can print it in every
    format, and who can print an item as JSON can print it as YAML, so these are added.
    """
    offered = _completed(formats or LIST)

    def add(function: F) -> F:
        @wraps(function)
        def run(*args: Any, output: str | None, json_fields: str | None, **options: Any) -> Any:
            return function(*args, output=_choose(output, json_fields, offered), **options)

        shorthand = click.option(
            "--json",
            "json_fields",
            is_flag=False,
            flag_value=ALL,
            metavar="[A,B]",
            help="The same as -o json; with names, only those fields.",
        )
        choice = click.option(
            "-o",
            "--output",
            "--format",
            "output",
            type=click.Choice(offered),
            help="How to print the answer. [table]",
        )
        return choice(shorthand(run))  # type: ignore[return-value]

    return add


def _completed(formats: tuple[str, ...]) -> tuple[str, ...]:
    if "ndjson" in formats and "json" in formats:
        return LIST
    return tuple(form for form in FORMATS if form in formats or (form == "yaml" and "json" in formats))


def _choose(form: str | None, json_fields: str | None, offered: tuple[str, ...]) -> Output:
    if json_fields is None:
        output = Output.of(form or preferred_format(offered))
    elif form not in (None, "json"):
        raise usage(f"--json and -o {form} ask for two formats; give one", code="50", word="--json")
    elif json_fields == ALL:
        output = Output.of("json" if "json" in offered else "ndjson")
    elif not _FIELDS.fullmatch(json_fields):
        raise usage(
            f"--json {json_fields}: that is no list of fields",
            code="51",
            word=json_fields,
            notes=["fields are names with commas between them, such as id,state; --json alone stands at the end"],
            fixes=["write it in front of --json, or use -o json"],
        )
    else:
        output = Output.of("json", tuple(json_fields.split(",")))
    click.get_current_context().meta[_META] = output
    return output


def check_fields(asked: tuple[str, ...], known: list[str]) -> None:
    """Raise a fault with the near names when a field is asked for that there is not."""
    for field in asked:
        if field.partition(".")[0] not in known:
            raise usage(
                f"no field {field!r} in the answer",
                code="52",
                word=field,
                notes=did_you_mean(field, known, what="fields"),
            )
