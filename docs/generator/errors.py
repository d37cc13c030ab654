"""The page of the errors."""

from __future__ import annotations

import inspect
import textwrap

from generator.markdown import NOTE, markdown, own_doc
from headrace import errors


def page() -> str:
    """The tree of errors, and each of them."""
    tree = inspect.cleandoc(errors.__doc__ or "")
    drawing = tree.partition("::\n\n")[2].partition("\n\nWhat a handler")[0]
    parts = ["# Errors\n", NOTE, "All are in `headrace.errors`.\n", f"```text\n{textwrap.dedent(drawing)}\n```\n"]
    for name in errors.__all__:
        kind = getattr(errors, name)
        parts.append(f"## {name}\n\nA kind of `{kind.__bases__[0].__name__}`. {markdown(own_doc(kind))}")
    return "\n".join(parts).rstrip() + "\n"
