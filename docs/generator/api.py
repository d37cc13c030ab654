"""The page of the interface: every public name, and what goes with it."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterable, Iterator
from enum import Enum
from importlib import import_module
from itertools import pairwise
from typing import Any

import msgspec

import headrace
from generator.markdown import NOTE, code, markdown, own_doc
from generator.signatures import plain, shown_value, signature

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


def page(beside: Iterable[tuple[str, str]]) -> str:
    """The names of ``headrace``, then those of ``beside``, each a module and a name."""
    public = [(name, getattr(headrace, name)) for name in headrace.__all__ if name != "errors"]
    others = [(name, getattr(import_module(module), name)) for module, name in beside]
    parts = [
        "# Interface\n",
        NOTE,
        "The names that `from headrace import ...` gives. `headrace.errors` is on [its own page](errors.md).\n",
        *(_entry(name, value, "headrace") for name, value in public),
        "# What they take and answer\n",
        *(_entry(name, value, value.__module__) for name, value in others),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _entry(name: str, value: Any, module: str) -> str:
    if isinstance(value, str):
        return f"## {name}\n\nThe version of this release, as text.\n"
    lines = [f"## {name}\n", f"`from {module} import {name}`\n"]
    if inspect.isclass(value):
        lines += [_fields(value), markdown(own_doc(value)), *_members(value)]
    else:
        lines += [code(f"{name}{signature(value)}"), markdown(inspect.getdoc(value) or "")]
    return "\n".join(line for line in lines if line)


def _fields(kind: type) -> str:
    if kind.__name__ in MADE_FOR_YOU:
        return ""
    if issubclass(kind, msgspec.Struct):
        hints = kind.__annotations__
        fields = [_field(each, hints) for each in msgspec.structs.fields(kind)]
        return code(f"{kind.__name__}({', '.join(fields)})" if fields else f"{kind.__name__}()")
    if getattr(kind, "__total__", None) is False:
        return code("\n".join(f"{name}: {plain(hint)}" for name, hint in kind.__annotations__.items()))
    if issubclass(kind, Enum):
        return code("\n".join(f"{kind.__name__}.{each.name} = {each.value!r}" for each in kind))
    if getattr(kind, "_is_protocol", False):
        shown = (f"{name}{signature(member)}" for name, member in vars(kind).items() if inspect.isfunction(member))
        return code("\n".join(("name: str", *(each for each in shown if not each.startswith("_")))))
    if "__init__" in kind.__dict__:
        return code(f"{kind.__name__}{signature(kind.__init__)}")
    return ""


def _field(each: Any, hints: dict[str, Any]) -> str:
    shown = f"{each.name}: {plain(hints.get(each.name, each.type))}"
    if each.default is not msgspec.NODEFAULT:
        return f"{shown} = {shown_value(each.default)}"
    return f"{shown} = ..." if each.default_factory is not msgspec.NODEFAULT else shown


def _members(kind: type) -> Iterator[str]:
    """Public attributes, methods and properties with their docstrings, also those of headrace's own base classes."""
    seen: set[str] = set()
    for owner in kind.__mro__:
        if not owner.__module__.startswith("headrace"):
            continue
        for name, doc in _attributes(owner):
            seen.add(name)
            yield f"**`{name}`**\n\n{markdown(doc)}"
        for name, member in vars(owner).items():
            if name.startswith("_") or name in seen:
                continue
            seen.add(name)
            shown = _member(name, member)
            if shown:
                yield shown


def _attributes(kind: type) -> Iterator[tuple[str, str]]:
    """The attributes that a class declares with a docstring below. Those of structs and enumerations stand above."""
    if issubclass(kind, msgspec.Struct | Enum):
        return
    [declaration] = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(declaration, ast.ClassDef)
    for node, below in pairwise(declaration.body):
        match node, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(doc))):
                if not name.startswith("_"):
                    yield name, inspect.cleandoc(doc)


def _member(name: str, member: Any) -> str:
    if isinstance(member, property) or hasattr(member, "attrname"):
        function = member.fget if isinstance(member, property) else member.func
        doc = inspect.getdoc(function)
        return f"**`{name}`**\n\n{markdown(doc)}" if doc else ""
    if not inspect.isfunction(member):
        return ""
    doc = inspect.getdoc(member)
    if not doc:
        return ""
    word = "await " if inspect.iscoroutinefunction(member) else ""
    return f"**`{word}{name}{signature(member)}`**\n\n{markdown(doc)}"
