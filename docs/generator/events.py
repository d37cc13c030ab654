"""The page of what listeners hear."""

from __future__ import annotations

import inspect
import re

from generator.markdown import NOTE, joined, markdown
from headrace import telemetry


def page() -> str:
    """The table in the docstring of ``headrace.telemetry``."""
    doc = inspect.cleandoc(telemetry.__doc__ or "")
    found = re.findall(r"^``([\w.]+)``\s+(.+(?:\n {20,}.+)*)$", doc, re.MULTILINE)
    rows = [(name, joined(attributes)) for name, attributes in found]
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
            markdown(notes),
            "Times ending in `_s` are seconds. `outcome` is `completed`, `failed`, `snoozed`, `cancelled`,",
            "`discarded`, `waiting`, `released` or `lost`.\n",
        ]
    )
