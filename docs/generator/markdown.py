"""Docstrings as Markdown."""

from __future__ import annotations

import inspect
import re
import textwrap

NOTE = "<!-- Made by docs/generate.py from the docstrings. Change those, and run it again. -->\n"


def markdown(doc: str) -> str:
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
            f"- `{name.strip('`')}`: {joined(rest)}" for name, _, rest in (i.partition(": ") for i in items)
        )
    return block


def joined(text: str) -> str:
    """Lines as one."""
    return " ".join(line.strip() for line in text.splitlines())


def cell(text: str) -> str:
    """A text as a cell of a table."""
    return text.replace("``", "`").replace("|", "\\|")


def own_doc(kind: type) -> str:
    """The docstring of a class, not one that it inherits."""
    return inspect.cleandoc(kind.__dict__.get("__doc__") or "")


def code(text: str) -> str:
    """Code in a fence; a long signature gets a line for each parameter."""
    if "\n" not in text and len(text) > 110 and "(" in text:
        head, _, rest = text.partition("(")
        inside, bracket, answer = rest.rpartition(")")
        parts = re.split(r", (?=\*|\w+:|/)", inside)
        text = f"{head}(\n" + "".join(f"    {part},\n" for part in parts) + f"{bracket}{answer}"
    return "```py\n" + text.replace("'", '"') + "\n```\n"
