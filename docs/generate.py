"""Writes the pages of the documentation that are made from the source: ``python docs/generate.py``.

A test compares the pages with what this makes, so they are never behind.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import textwrap
import types
import typing
from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal

import click
import msgspec

import headrace
from headrace import errors, telemetry
from headrace.cli.codes import CODES
from headrace.cli.lazy import LazyGroup
from headrace.cli.root import root
from headrace.cli.topics import TOPICS
from headrace.config.keys import SELECTORS, Key, all_keys, profile_keys
from headrace.config.values import kind_text, to_text
from headrace.server.openapi import openapi
from headrace.server.operation import Operation
from headrace.server.operations import all_operations

DOCS = Path(__file__).resolve().parent
SOURCE = DOCS.parent / "src" / "headrace"
NOTE = "<!-- Made by docs/generate.py from the docstrings. Change those, and run it again. -->\n"

BESIDE = (
    ("headrace.tasks.options", "JobOptions"),
    ("headrace.tasks.define", "TaskSettings"),
    ("headrace.tasks.defaults", "TaskDefaults"),
    ("headrace.model.catalogue", "TaskRecord"),
    ("headrace.model.catalogue", "TaskVersion"),
    ("headrace.app.migration", "Misfit"),
    ("headrace.app.migration", "Migration"),
    ("headrace.tasks.schedules", "ScheduleSettings"),
    ("headrace.app.schedules", "Schedules"),
    ("headrace.app.events", "Events"),
    ("headrace.app.webhooks.webhooks", "Webhooks"),
    ("headrace.model.webhook", "Webhook"),
    ("headrace.model.event", "JobEvent"),
    ("headrace.model.event", "EventKind"),
    ("headrace.model.event", "EventPage"),
    ("headrace.model.event", "EventRetention"),
    ("headrace.storage.events", "EventLogStatus"),
    ("headrace.model.rules", "CronRule"),
    ("headrace.model.rules", "EveryRule"),
    ("headrace.model.rules", "AtRule"),
    ("headrace.model.rules", "Planned"),
    ("headrace.model.schedule", "Firing"),
    ("headrace.app.sync", "SyncDesk"),
    ("headrace.app.sync_schedules", "SyncSchedules"),
    ("headrace.app.sync_events", "SyncEvents"),
    ("headrace.app.sync_webhooks", "SyncWebhooks"),
    ("headrace.app.sync_handle", "SyncJobHandle"),
    ("headrace.app.worker", "AppWorker"),
    ("headrace.engine.worker", "WorkerHealth"),
    ("headrace.engine.registry", "WorkerRecord"),
    ("headrace.engine.context", "JobContext"),
    ("headrace.model.job", "Job"),
    ("headrace.model.job", "Attempt"),
    ("headrace.model.job", "ErrorInfo"),
    ("headrace.model.job", "Progress"),
    ("headrace.model.job", "LogLine"),
    ("headrace.model.page", "Page"),
    ("headrace.model.queue", "JobCount"),
    ("headrace.model.queue", "QueueSettings"),
    ("headrace.model.errors", "ErrorGroup"),
    ("headrace.engine.dead_watch", "DeadDepth"),
    ("headrace.model.explanation", "Explanation"),
    ("headrace.client", "Client"),
    ("headrace.client", "RemoteJob"),
    ("headrace.client", "TaskCall"),
    ("headrace.app.keys", "Keys"),
    ("headrace.app.keys", "ApiKey"),
    ("headrace.app.triage", "Triage"),
    ("headrace.model.errors", "ErrorMark"),
    ("headrace.app.bulk", "Bulk"),
    ("headrace.app.sync_bulk", "SyncBulk"),
    ("headrace.app.sync_triage", "SyncTriage"),
    ("headrace.app.sync_keys", "SyncKeys"),
    ("headrace.model.operation", "Operation"),
    ("headrace.model.operation", "Preview"),
    ("headrace.app.edits", "Edits"),
    ("headrace.storage.jobs", "Changed"),
    ("headrace.model.payload", "Codec"),
    ("headrace.telemetry", "Telemetry"),
    ("headrace.contrib.json_lines", "JsonLines"),
    ("headrace.contrib.json_lines", "read_lines"),
    ("headrace.contrib.recorder", "Recorder"),
    ("headrace.contrib.recorder", "Event"),
    ("headrace.server", "create_app"),
    ("headrace.server", "ServerSettings"),
    ("headrace.server", "Authenticator"),
    ("headrace.server", "Principal"),
    ("headrace.testing.harness", "AppHarness"),
    ("headrace.testing.sync_harness", "SyncHarness"),
    ("headrace.testing.enqueued", "EnqueuedJob"),
    ("headrace.testing.report", "DrainReport"),
    ("headrace.testing.report", "Run"),
    ("headrace.testing.spy", "Spy"),
    ("headrace.testing.processes", "WorkerProcesses"),
    ("headrace.testing.processes", "WorkerProcess"),
    ("headrace.contrib.job_log", "log_jobs"),
    ("headrace.contrib.opentelemetry", "OpenTelemetry"),
    ("headrace.contrib.prometheus", "PrometheusMetrics"),
    ("headrace.contrib.prometheus", "StoreCollector"),
    ("headrace.contrib.prometheus", "MetricsServer"),
    ("headrace.model.queue", "QueueStats"),
    ("headrace.model.queue", "QueueRate"),
    ("headrace.logs", "LogConfig"),
    ("headrace.logs", "set_up_logging"),
    ("headrace.logs", "set_levels"),
    ("headrace.logs", "add_fields"),
    ("headrace.testing.clock", "FrozenClock"),
    ("headrace.testing.fault_plans", "Outage"),
    ("headrace.testing.fault_plans", "Script"),
)
"""What public methods take and answer, and what tests import; the names of ``headrace`` itself come first."""

HELP_WIDTH = 100

MADE_FOR_YOU = {
    "AppWorker",
    "Bulk",
    "Call",
    "Events",
    "JobContext",
    "JobHandle",
    "Schedules",
    "SyncBulk",
    "SyncDesk",
    "SyncEvents",
    "SyncHarness",
    "SyncJobHandle",
    "SyncKeys",
    "SyncSchedules",
    "SyncTriage",
    "SyncWebhooks",
    "Task",
    "Triage",
    "Webhooks",
}
"""Classes that programs are given and do not make: how to is nobody's business."""


def pages() -> dict[str, str]:
    """Every generated page, by its path below ``docs``."""
    return {
        "reference/api.md": _api(),
        "reference/errors.md": _errors(),
        "reference/cli.md": _command_line(),
        "reference/error-codes.md": _error_codes(),
        "reference/configuration.md": _configuration(),
        "reference/events.md": _events(),
        "explanation/limits.md": _limits(),
        "reference/http.md": _http(),
        "reference/openapi.json": json.dumps(openapi(all_operations()), indent=1, ensure_ascii=False) + "\n",
    }


def _api() -> str:
    public = [(name, getattr(headrace, name)) for name in headrace.__all__ if name != "errors"]
    beside = [(name, getattr(import_module(module), name)) for module, name in BESIDE]
    parts = [
        "# Interface\n",
        NOTE,
        "The names that `from headrace import ...` gives. `headrace.errors` is on [its own page](errors.md).\n",
        *(_entry(name, value, "headrace") for name, value in public),
        "# What they take and answer\n",
        *(_entry(name, value, value.__module__) for name, value in beside),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _entry(name: str, value: Any, module: str) -> str:
    if isinstance(value, str):
        return f"## {name}\n\nThe version of this release, as text.\n"
    lines = [f"## {name}\n", f"`from {module} import {name}`\n"]
    if inspect.isclass(value):
        lines += [_fields(value), _markdown(_own_doc(value)), *_members(value)]
    else:
        lines += [_code(f"{name}{_signature(value)}"), _markdown(inspect.getdoc(value) or "")]
    return "\n".join(line for line in lines if line)


def _own_doc(kind: type) -> str:
    return inspect.cleandoc(kind.__dict__.get("__doc__") or "")


def _fields(kind: type) -> str:
    if issubclass(kind, msgspec.Struct):
        hints = kind.__annotations__
        fields = [_field(each, hints) for each in msgspec.structs.fields(kind)]
        return _code(f"{kind.__name__}({', '.join(fields)})" if fields else f"{kind.__name__}()")
    if getattr(kind, "__total__", None) is False:
        return _code("\n".join(f"{name}: {_plain(hint)}" for name, hint in kind.__annotations__.items()))
    if issubclass(kind, Enum):
        return _code("\n".join(f"{kind.__name__}.{each.name} = {each.value!r}" for each in kind))
    if kind.__name__ in MADE_FOR_YOU:
        return ""
    if getattr(kind, "_is_protocol", False):
        shown = (f"{name}{_signature(member)}" for name, member in vars(kind).items() if inspect.isfunction(member))
        return _code("\n".join(("name: str", *(each for each in shown if not each.startswith("_")))))
    if "__init__" in kind.__dict__:
        return _code(f"{kind.__name__}{_signature(kind.__init__)}")
    return ""


def _field(each: Any, hints: dict[str, Any]) -> str:
    shown = f"{each.name}: {_plain(hints.get(each.name, each.type))}"
    if each.default is not msgspec.NODEFAULT:
        return f"{shown} = {_value(each.default)}"
    return f"{shown} = ..." if each.default_factory is not msgspec.NODEFAULT else shown


def _plain(hint: Any) -> str:
    if isinstance(hint, str):
        return hint
    text = getattr(hint, "__forward_arg__", None) or str(hint)
    return re.sub(r"ForwardRef\('([^']+)'[^)]*\)", r"\1", text)


def _value(default: Any) -> str:
    if isinstance(default, frozenset | tuple) and not default:
        return "()"
    text = repr(default)
    return text.replace("datetime.timedelta", "timedelta")


def _members(kind: type) -> Iterator[str]:
    """Public methods and properties with their docstrings, also those of headrace's own base classes."""
    seen: set[str] = set()
    for owner in kind.__mro__:
        if not owner.__module__.startswith("headrace"):
            continue
        for name, member in vars(owner).items():
            if name.startswith("_") or name in seen:
                continue
            seen.add(name)
            shown = _member(name, member)
            if shown:
                yield shown


def _member(name: str, member: Any) -> str:
    if isinstance(member, property) or hasattr(member, "attrname"):
        function = member.fget if isinstance(member, property) else member.func
        doc = inspect.getdoc(function)
        return f"**`{name}`**\n\n{_markdown(doc)}" if doc else ""
    if not inspect.isfunction(member):
        return ""
    doc = inspect.getdoc(member)
    if not doc:
        return ""
    word = "await " if inspect.iscoroutinefunction(member) else ""
    return f"**`{word}{name}{_signature(member)}`**\n\n{_markdown(doc)}"


def _signature(function: Any) -> str:
    signature = inspect.signature(function)
    kept = [each for each in signature.parameters.values() if each.name != "self"]
    bare = [each.replace(annotation=_Bare(each.annotation), default=_shown(each.default)) for each in kept]
    answer = signature.return_annotation
    return str(signature.replace(parameters=bare, return_annotation=_Bare(answer))).replace(" -> None", "")


def _shown(default: Any) -> Any:
    """A function as a default has an address, which is another each time."""
    return _Bare("...") if inspect.isfunction(default) else default


class _Bare:
    """An annotation that is shown as it is written."""

    def __new__(cls, annotation: Any) -> Any:
        if annotation is inspect.Parameter.empty or not isinstance(annotation, str):
            return annotation
        return super().__new__(cls)

    def __init__(self, annotation: str) -> None:
        self._text = annotation

    def __repr__(self) -> str:
        return self._text


def _code(text: str) -> str:
    if "\n" not in text and len(text) > 110 and "(" in text:
        head, _, rest = text.partition("(")
        inside, bracket, answer = rest.rpartition(")")
        parts = re.split(r", (?=\*|\w+:|/)", inside)
        text = f"{head}(\n" + "".join(f"    {part},\n" for part in parts) + f"{bracket}{answer}"
    return "```py\n" + text.replace("'", '"') + "\n```\n"


def _markdown(doc: str) -> str:
    """A docstring as Markdown: roles and double backticks made plain, fields made lists, examples fenced."""
    text = re.sub(r":\w+:`~?(?:[\w.]*\.)?(\w+)`", r"`\1`", doc).replace("``", "`")
    blocks = [_block(block) for block in re.split(r"\n\s*\n", text.strip())]
    return "\n\n".join(blocks) + "\n"


def _block(block: str) -> str:
    if block.lstrip().startswith(">>>"):
        return f"```pycon\n{textwrap.dedent(block)}\n```"
    if re.match(r"[\w`]+: ", block) and re.search(r"\n[\w`]+: ", block + "\nx: "):
        items = re.split(r"\n(?=[\w`]+: )", block)
        return "\n".join(
            f"- `{name.strip('`')}`: {_joined(rest)}" for name, _, rest in (i.partition(": ") for i in items)
        )
    return block


def _joined(text: str) -> str:
    return " ".join(line.strip() for line in text.splitlines())


def _http() -> str:
    """The operations by noun, each with what it takes and answers; the schemas are in the document."""
    operations = all_operations()
    parts = [
        "# HTTP interface\n",
        NOTE,
        "The calls of `headrace server`, by noun. How to use them is told at [HTTP](../how-to/http.md). The same is in",
        "[openapi.json](openapi.json), an OpenAPI 3.1 document, which a server has at `/openapi.json`, and to try at",
        "`/docs`.\n",
        "| call | | scope | name |",
        "|---|---|---|---|",
        *(
            f"| [`{each.method} {each.path}`](#{_anchor(each)}) | {_cell(each.summary)} | `{each.scope}` "
            f"| `{each.name}` |"
            for each in operations
        ),
        "",
    ]
    for each in operations:
        statuses = [f"- {status}: {text}" for status, text in each.statuses.items()]
        parts += [
            f"## {each.name}\n",
            f"`{each.method} {each.path}`\n",
            f"{each.summary}. {each.description}".strip().replace("``", "`") + "\n",
        ]
        parts += [*_request(each), *statuses, ""]
    return "\n".join(parts).rstrip() + "\n"


def _anchor(operation: Operation) -> str:
    return operation.name.replace(".", "").lower()


def _request(operation: Operation) -> list[str]:
    hints = typing.get_type_hints(operation.request)
    rows = []
    for field in msgspec.structs.fields(operation.request):
        place = "path" if field.name in operation.in_path else "body" if operation.in_body else "query"
        header = f", or header `{operation.headers[field.name]}`" if field.name in operation.headers else ""
        default = "" if field.required or not _is_plain(field.default) else f"`{_value(field.default)}`"
        rows.append(f"| `{field.name}` | {place}{header} | {_kind(hints[field.name])} | {default} |")
    if not rows:
        return []
    return ["| field | in | type | default |", "|---|---|---|---|", *rows, ""]


def _is_plain(default: Any) -> bool:
    return isinstance(default, str | int | float | bool)


def _kind(hint: Any) -> str:
    """A type for people: what JSON calls it."""
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return _kind(inside[0])
    if origin in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(_kind(each) for each in inside if each is not msgspec.UnsetType))
    if origin is Literal or (inspect.isclass(hint) and issubclass(hint, Enum)):
        words = inside if origin is Literal else [each.value for each in hint]
        return " or ".join(f"`{word}`" for word in words)
    if origin in (list, tuple):
        return f"array of {_kind(inside[0])}"
    names: dict[Any, str] = {str: "text", int: "number", float: "number", bool: "true or false", datetime: "instant"}
    return names.get(hint, "null" if hint is type(None) else "object")


def _errors() -> str:
    tree = inspect.cleandoc(errors.__doc__ or "")
    drawing = tree.partition("::\n\n")[2].partition("\n\nWhat a handler")[0]
    parts = ["# Errors\n", NOTE, "All are in `headrace.errors`.\n", f"```text\n{textwrap.dedent(drawing)}\n```\n"]
    for name in errors.__all__:
        kind = getattr(errors, name)
        parts.append(f"## {name}\n\nA kind of `{kind.__bases__[0].__name__}`. {_markdown(_own_doc(kind))}")
    return "\n".join(parts).rstrip() + "\n"


def _configuration() -> str:
    rows = [
        f"| `{key.name}` | {kind_text(key)} | {_shown_default(key)} | `{key.variable}` | {_cell(_meaning(key))} |"
        for key in all_keys().values()
    ]
    profile = [
        f"| `{key.name}` | {kind_text(key)} | {_shown_default(key)} | {_cell(key.text)} |"
        for key in profile_keys().values()
    ]
    selectors = [f"| `{name}` | {text} |" for name, text in SELECTORS.items()]
    return "\n".join(
        [
            "# Configuration\n",
            NOTE,
            "How to write settings down is told at [Configure](../how-to/configure.md). The strongest source first:",
            "arguments, the environment, the project file (`headrace.toml`, or `[tool.headrace]` in `pyproject.toml`),",
            "the profile in use, the default. A dot in a name is a table: `worker.lease` is `lease` in `[worker]`. A",
            "duration is a number with its unit, `30s`, `1h30m` or `250ms`.\n",
            "## Settings\n",
            "| setting | type | default | variable | meaning |",
            "|---|---|---|---|---|",
            *rows,
            "\n`worker.*` are the fields of [WorkerConfig](api.md#workerconfig): a program hands them to",
            "`app.worker(...)` by name, or to `Headrace(worker=WorkerConfig(...))` for all workers of the app.\n",
            "## In a profile\n",
            "A profile is a table `[profile.NAME]` in `~/.config/headrace/config.toml` (below `XDG_CONFIG_HOME` where",
            "that is set). It can have every setting, and these:\n",
            "| setting | type | default | meaning |",
            "|---|---|---|---|",
            *profile,
            "\n## Which files count\n",
            "| variable | meaning |",
            "|---|---|",
            *selectors,
            "| `NO_COLOR` | no colour |",
            "| `CLICOLOR_FORCE` | colour into pipes too |",
            "\n## An app\n",
            "See [Headrace](api.md#headrace): `url`, `backend`, `worker`, `payload_limit`, `codecs`, `telemetry`,",
            "`defaults`. A plain `Headrace(...)` reads no file and no variable; `Headrace.from_config()` reads them",
            "all.\n",
            "## The store\n",
            "Options in the URL are listed at [SQLite](../how-to/sqlite.md#the-url).\n",
        ]
    )


def _meaning(key: Key) -> str:
    if key.path[:-1] == ("worker", "retention"):
        return f"how long a job that ended as {key.path[-1]} is kept, where its queue does not say otherwise."
    return key.text


def _shown_default(key: Key) -> str:
    return f"`{to_text(key.default)}`"


def _cell(text: str) -> str:
    return text.replace("``", "`").replace("|", "\\|")


def _command_line() -> str:
    parts = [
        "# The command line\n",
        NOTE,
        "What `headrace ... --help` prints, for every command. How to work with it is told at",
        "[The command line](../how-to/command-line.md); error codes are on [their own page](error-codes.md).\n",
    ]
    for words, command in _commands(root, ("headrace",)):
        name = " ".join(words)
        ctx = click.Context(command, info_name=name, terminal_width=HELP_WIDTH, help_option_names=["-h", "--help"])
        text = command.get_help(ctx)
        parts.append(f"{'#' * min(len(words) + 1, 3)} {name}\n\n```text\n{text}\n```\n")
    parts.append("## Topics\n")
    for name, text in TOPICS.items():
        parts.append(f"### headrace help {name}\n\n```text\n{textwrap.indent(text, '  ')}\n```\n")
    return "\n".join(parts).rstrip() + "\n"


def _commands(command: click.Command, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """The built-in commands, in their order; what plugins add belongs to whoever generates the page."""
    yield words, command
    if isinstance(command, LazyGroup):
        for name in command.table:
            inner = command.get_command(click.Context(command), name)
            assert inner is not None
            yield from _commands(inner, (*words, name))


def _error_codes() -> str:
    rows = [f"| `{code}` | {page.title} | {_cell(page.text)} |" for code, page in CODES.items()]
    return "\n".join(
        [
            "# Error codes\n",
            NOTE,
            "`headrace explain CODE` prints the same. The first two digits are the exit code of the command; a code",
            "keeps its meaning for ever.\n",
            "| code | what happened | what helps |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def _events() -> str:
    doc = inspect.cleandoc(telemetry.__doc__ or "")
    found = re.findall(r"^``([\w.]+)``\s+(.+(?:\n {20,}.+)*)$", doc, re.MULTILINE)
    rows = [(name, _joined(attributes)) for name, attributes in found]
    notes = doc.rpartition("=\n\n")[2]
    return "\n".join(
        [
            "# Events\n",
            NOTE,
            "What `app.telemetry.attach(listener)` hears: `listener(name, attributes)`. See",
            "[Telemetry](../how-to/telemetry.md).\n",
            "| event | attributes |",
            "|---|---|",
            *(f"| `{name}` | {attributes.replace('``', '`')} |" for name, attributes in rows),
            "",
            _markdown(notes),
            "Times ending in `_s` are seconds. `outcome` is `completed`, `failed`, `snoozed`, `cancelled`,",
            "`discarded`, `waiting`, `released` or `lost`.\n",
        ]
    )


PREFACE = """\
Nothing in headrace grows without a bound. Every limit is a named constant with its reason beside it; this page is made
from them. Those with a setting say so on the [configuration](../reference/configuration.md) page; the others are meant
to stay, and an application that meets one is told so by an error that names it.

## Measured

Throughput and latency depend on the disk and the machine. The figures, those of other libraries measured in the same
run, and the way they were taken are in `benchmarks/RESULTS.md`; `make bench` takes them anew. No figure is repeated
here, so that none is out of date.

What does not depend on the machine: SQLite has one writer at a time, so the commits of all processes on a file queue
up. More workers help while jobs take longer than their bookkeeping. For empty jobs one worker is as quick as several.
"""


def _limits() -> str:
    parts = [
        "# Limits\n",
        NOTE,
        PREFACE,
        "## Named limits\n",
        "| limit | value | where | reason |",
        "|---|---|---|---|",
    ]
    for path in sorted(SOURCE.rglob("*.py")):
        area = path.relative_to(SOURCE)
        if area.parts[0] in ("testing", "cli"):
            continue
        where = ".".join(area.with_suffix("").parts)
        parts += [f"| `{name}` | `{value}` | `{where}` | {reason} |" for name, value, reason in _constants(path)]
    return "\n".join(parts) + "\n"


def _constants(path: Path) -> Iterator[tuple[str, str, str]]:
    """Constants and the text below them. A text is about those above it that begin alike."""
    found: list[tuple[str, str]] = []
    for node in [*ast.parse(path.read_text("utf-8")).body, ast.Pass()]:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if re.fullmatch(r"[A-Z][A-Z0-9_]*", name) and _is_figure(node.value):
                found.append((name, ast.unparse(node.value)))
                continue
        reason = ""
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            reason = _joined(str(node.value.value)).replace("``", "`")
        for name, value in found:
            meant = reason if name[:3] == found[-1][0][:3] else ""
            if meant or re.search(r"_(MAX|MIN|DEFAULT|LIMIT|S|EVERY)$", name):
                yield name, value, meant
        found = []


def _is_figure(value: ast.expr) -> bool:
    return any(isinstance(each, ast.Constant) and isinstance(each.value, int | float) for each in ast.walk(value))


def main() -> None:
    """Write them all."""
    for name, text in pages().items():
        path = DOCS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
