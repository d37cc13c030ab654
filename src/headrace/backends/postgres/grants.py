"""What a database user needs, as SQL for the owner of the schema to run."""

from __future__ import annotations

import re

from headrace.errors import UsageError

_WORK = """\
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role};
REVOKE INSERT, UPDATE, DELETE ON {schema}.meta FROM {role};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role};
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} TO {role};
ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role};
ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE ON SEQUENCES TO {role};
ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT EXECUTE ON FUNCTIONS TO {role};
"""
_READ = """\
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT ON {schema}.report_jobs, {schema}.report_attempts, {schema}.report_counts, {schema}.report_rates TO {role};
"""
_NAME = re.compile(r"[^\x00]{1,63}")


def grants(schema: str, role: str, *, reports: bool = False) -> str:
    """What ``role`` needs to enqueue, to work and to manage jobs; with ``reports``, only to read the views.

    The owner runs it, and once: default privileges cover what later migrations add. It makes no role a member of
    another, and lets none change the schema.

    >>> print(grants("headrace", "analyst", reports=True).splitlines()[0])
    GRANT USAGE ON SCHEMA headrace TO "analyst";
    """
    if not _NAME.fullmatch(role):
        raise UsageError(f"a role has a name of 1 to 63 characters; got {role!r}")
    quoted = '"' + role.replace('"', '""') + '"'
    return (_READ if reports else _WORK).format(schema=schema, role=quoted)
