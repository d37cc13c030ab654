"""Makes ``headrace.client.blocking`` from ``headrace.client.aio``: ``python -m tests.client.unasync``.

The words of asynchronous code are taken out or replaced, one by one; nothing is understood. What is left is formatted
by ruff, and a test compares it with the files.
"""

from __future__ import annotations

import re
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "src" / "headrace" / "client"
BY_HAND = {"__init__.py", "pausing.py"}

GROUP = re.compile(r"(?<!\w)\(await ")
WORDS: list[tuple[str, str | Callable[[re.Match[str]], str]]] = [
    (r"\basync (def|with|for)\b", r"\1"),
    (r"\bawait ", ""),
    (r"\b__aenter__\b", "__enter__"),
    (r"\b__aexit__\b", "__exit__"),
    (r"\bAsyncIterator\b", "Iterator"),
    (r"\b(aclose|aread|aiter_bytes)\b", lambda found: found.group().removeprefix("a")),
    (r"\bhttpx2\.AsyncBaseTransport\b", "httpx2.BaseTransport"),
    (r"\bhttpx2\.ASGITransport\(create_app\(app\)\)", "httpx2.MockTransport(answer)"),
    (r"\bclient\.aio\b", "client.blocking"),
    (r"\bAsync(?=[A-Z])", ""),
]
FIX = ["check", "--fix", "--unsafe-fixes", "--quiet", "--select", "I,F401,UP028,UP034"]
NOTE = "# Made from headrace/client/aio/{name} by tests/client/unasync.py. Change that file, and run it again.\n"


def blocking(name: str) -> str:
    """The blocking twin of a file."""
    text = without_groups((CLIENT / "aio" / name).read_text("utf-8"))
    for pattern, word in WORDS:
        text = re.sub(pattern, word, text)
    ruff = Path(sysconfig.get_path("scripts")) / "ruff"
    for arguments in (
        ["check", "--fix", "--quiet", "--unsafe-fixes", "--select", "I,F401,UP028,UP034"],
        ["format", "--quiet"],
    ):
        place = CLIENT / "blocking" / name
        done = subprocess.run(
            [ruff, *arguments, "--stdin-filename", place, "-"], input=text, capture_output=True, text=True, check=True
        )
        text = done.stdout
    return NOTE.format(name=name) + text


def without_groups(text: str) -> str:
    """Take out the parentheses that only ``await`` needs.

    >>> without_groups("return (await self.find(ids()))[0]")
    'return self.find(ids())[0]'
    """
    while found := GROUP.search(text):
        begin, end, depth = found.start(), found.start() + 1, 1
        while depth:
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        text = text[:begin] + text[found.end() : end - 1] + text[end:]
    return text


def names() -> list[str]:
    """The files that have a twin."""
    return sorted(path.name for path in (CLIENT / "aio").glob("*.py") if path.name not in BY_HAND)


def main() -> None:
    """Write every twin."""
    for name in names():
        (CLIENT / "blocking" / name).write_text(blocking(name), "utf-8")


if __name__ == "__main__":
    main()
