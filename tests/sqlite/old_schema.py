"""Files as earlier releases left them."""

from __future__ import annotations

import apsw

from headrace.backends.sqlite.schema import MIGRATIONS, boot_id, script
from headrace.backends.sqlite.statements import split, sql


def write_schema(connection: apsw.Connection, version: int) -> None:
    """Make an empty store of that version, used since this boot of the host."""
    for name in MIGRATIONS[:version]:
        for statement in split(script(name)):
            connection.execute(statement)
    connection.execute(sql("set_meta"), ("schema", str(version)))
    connection.execute(sql("set_meta"), ("boot", boot_id()))
