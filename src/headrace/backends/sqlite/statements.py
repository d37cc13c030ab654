"""SQL lives in .sql files, one operation a file, named like what it does; this reads them once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import resources

import apsw


@cache
def sql(name: str) -> str:
    """The text of ``sql/NAME.sql``, without its comments (they are for readers, and would cost cache look-ups)."""
    text = resources.files(__package__).joinpath("sql", f"{name}.sql").read_text("utf-8")
    lines = (line.partition("--")[0].rstrip() for line in text.splitlines())
    return "\n".join(line for line in lines if line).rstrip(";")


def split(script: str) -> Iterator[str]:
    """The statements of a migration, one by one; each ends with a semicolon at the end of a line.

    A trigger is one statement, whatever semicolons it has inside.

    >>> list(split("-- two\\nCREATE TABLE a (x); -- first\\nCREATE TABLE b (y\\n);\\n"))
    ['CREATE TABLE a (x)', 'CREATE TABLE b (y\\n)']
    """
    statement: list[str] = []
    for line in script.splitlines():
        text = line.partition("--")[0].rstrip()
        if text:
            statement.append(text)
        if text.endswith(";") and apsw.complete("\n".join(statement)):
            yield "\n".join(statement).rstrip(";")
            statement = []


@cache
def insert_rows(name: str, rows: int) -> str:
    """``sql/NAME.sql``, which inserts one row of VALUES, made to insert ``rows`` rows in one statement.

    One statement for many rows is one step for SQLite, and so one release of the interpreter's lock: with a statement
    a row, a thread of Python code that is busy would be waited for at each of them.
    """
    head, _, rest = sql(name).partition("VALUES")
    row, bracket, tail = rest.partition(")")
    return f"{head}VALUES {', '.join([row.strip() + bracket] * rows)}{tail}"
