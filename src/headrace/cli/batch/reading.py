"""Reading a batch: YAML, JSON, or one JSON object a line. Each step is ``{VERB: what}``, checked before any is done."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from headrace.cli.faults import did_you_mean, usage

VERBS = ("enqueue", "retry", "cancel", "delete", "pause", "resume")
ENQUEUE_FIELDS = {
    "task": str,
    "args": dict,
    "queue": str,
    "priority": int,
    "delay": str,
    "run_at": str,
    "expires_in": str,
    "partition": str,
    "unique": str,
    "max_attempts": int,
    "timeout": str,
    "metadata": dict,
    "tags": list,
    "idempotency_key": str,
}


class Step(NamedTuple):
    """One operation: its place in the file, its verb, and what it is about."""

    place: str
    verb: str
    what: Any


def read_steps(text: str, name: str) -> list[Step]:
    """The steps of a file. Raises a usage fault that names the step and what is wrong with it."""
    return [_step(place, raw) for place, raw in _documents(text, name)]


def _documents(text: str, name: str) -> list[tuple[str, Any]]:
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if lines and all(line.lstrip().startswith("{") for _, line in lines):
        return [(f"{name}:{number}", _json(line, f"{name}:{number}")) for number, line in lines]
    import yaml

    try:
        document = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise usage(f"{name} is not YAML: {' '.join(str(error).split())}", code="43") from None
    if isinstance(document, Mapping) and "steps" in document:
        document = document["steps"]
    if not isinstance(document, list):
        raise usage(f"{name} holds no list of steps", code="43", fixes=["headrace batch run --help"])
    return [(f"{name}, step {number}", raw) for number, raw in enumerate(document, start=1)]


def _json(line: str, place: str) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise usage(f"{place} is not JSON: {error}", code="43") from None


def _step(place: str, raw: Any) -> Step:
    if not isinstance(raw, Mapping) or len(raw) != 1:
        raise usage(f"{place}: a step is one VERB with what it is about, such as cancel: ID; got {raw!r}", code="43")
    verb, what = next(iter(raw.items()))
    if verb not in VERBS:
        raise usage(f"{place}: no verb {verb!r}", code="43", notes=did_you_mean(str(verb), VERBS, what="verbs"))
    if verb == "enqueue":
        _check_enqueue(place, what)
        return Step(place, verb, what)
    names = what if isinstance(what, list) else [what]
    if not names or not all(isinstance(each, str) for each in names):
        raise usage(f"{place}: {verb} takes a name or a list of names; got {what!r}", code="43")
    return Step(place, verb, names)


def _check_enqueue(place: str, what: Any) -> None:
    if not isinstance(what, Mapping) or "task" not in what:
        raise usage(f"{place}: enqueue takes task and, if need be, args, queue and others; got {what!r}", code="43")
    for name, value in what.items():
        kind = ENQUEUE_FIELDS.get(name)
        if kind is None:
            notes = did_you_mean(str(name), ENQUEUE_FIELDS, what="fields")
            raise usage(f"{place}: enqueue has no field {name!r}", code="43", notes=notes)
        if not isinstance(value, kind):
            raise usage(f"{place}: {name} is of type {kind.__name__}; got {value!r}", code="43")
