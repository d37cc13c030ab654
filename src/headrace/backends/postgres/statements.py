"""SQL lives in .sql files, one operation a file, named like what it does; this reads them once for each schema."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

_SCHEMA = re.compile(r"\bSCHEMA\.")


@cache
def sql(name: str, schema: str) -> str:
    """The text of ``sql/NAME.sql`` for one schema, without its comments."""
    text = resources.files(__package__).joinpath("sql", f"{name}.sql").read_text("utf-8")
    return named(plain(text), schema).rstrip(";")


def named(text: str, schema: str) -> str:
    """Put the schema's name where ``SCHEMA.`` and ``SCHEMA_NAME`` stand.

    >>> named("SELECT 1 FROM SCHEMA.jobs", "headrace")
    'SELECT 1 FROM headrace.jobs'
    """
    return _SCHEMA.sub(f"{schema}.", text).replace("SCHEMA_NAME", schema)


def plain(text: str) -> str:
    """The statement without comments and empty lines."""
    lines = (line.partition("--")[0].rstrip() for line in text.splitlines())
    return "\n".join(line for line in lines if line)
