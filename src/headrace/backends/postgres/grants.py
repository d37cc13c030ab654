"""What a database user needs, as SQL for the owner of the schema to run."""

from __future__ import annotations

import re

from headrace.errors import UsageError
from headrace.storage.migrating import Use

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
_ENQUEUE = """\
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT ON {schema}.meta, {schema}.layouts TO {role};
GRANT INSERT ON {schema}.jobs, {schema}.tallies, {schema}.marks, {schema}.event_stage TO {role};
GRANT SELECT, INSERT, UPDATE ON {schema}.idempotency TO {role};
GRANT SELECT (id, seq, task, queue, state, run_at, enqueued_at, unique_key, unique_policy) ON {schema}.jobs,
    {schema}.ended, {schema}.succeeded TO {role};
GRANT SELECT (lane) ON {schema}.jobs TO {role};
GRANT SELECT (finished_at) ON {schema}.succeeded_other TO {role};
GRANT EXECUTE ON FUNCTION {schema}.make_day(timestamptz) TO {role};
"""
_NAME = re.compile(r"[^\x00]{1,63}")


def grants(schema: str, role: str, *, only: Use | None = None) -> str:
    """What ``role`` needs to enqueue, to work and to manage jobs, or for one use alone.

    The owner runs it, and once: default privileges cover what later migrations add for those who work. It makes no role
    a member of another, and lets none change the schema.

    >>> print(grants("headrace", "analyst", only=Use.REPORTS).splitlines()[0])
    GRANT USAGE ON SCHEMA headrace TO "analyst";
    """
    if not _NAME.fullmatch(role):
        raise UsageError(f"a role has a name of 1 to 63 characters; got {role!r}")
    quoted = '"' + role.replace('"', '""') + '"'
    text = {None: _WORK, Use.ENQUEUE: _ENQUEUE, Use.REPORTS: _READ}[only]
    return text.format(schema=schema, role=quoted)
