"""How PostgreSQL says what a query asks for, on the view ``all_jobs AS j``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from headrace.model.search.matching import is_place
from headrace.model.search.tree import Term
from headrace.storage import conditions

_ARGUMENTS = "SCHEMA.readable(j.codec, j.payload)"
_ELEMENTS = """EXISTS (
    SELECT FROM jsonb_path_query({whole}, {path}::jsonpath, '{{}}', true) AS f(found),
        jsonb_array_elements(CASE jsonb_typeof(found) WHEN 'array' THEN found WHEN 'object' THEN '[]'
                             ELSE jsonb_build_array(found) END) AS e(v)
    WHERE {condition})"""
_CASTS: tuple[tuple[type, str], ...] = (
    (datetime, "timestamptz"),
    (timedelta, "interval"),
    (int, "bigint"),
    (str, "text"),
)


class Translator(conditions.Translator):
    """The values are bound by place, each with its type."""

    columns: ClassVar[Mapping[str, str]] = {
        "id": "j.id::text",
        "state": "j.state",
        "queue": "j.queue",
        "task": "j.task",
        "worker": "j.worker",
        "key": "j.idempotency_key",
        "unique": "j.unique_key",
        "fingerprint": "j.fingerprint",
        "version": "j.task_version",
        "priority": "j.priority",
        "attempt": "j.attempt",
        "reason": "j.reason",
        "size": "octet_length(j.payload)",
        "enqueued": "j.enqueued_at",
        "due": "j.run_at",
        "started": "j.started_at",
        "finished": "j.finished_at",
        "expires": "j.expires_at",
        "wait": """CASE WHEN j.state = 'queued' THEN greatest(interval '0', {now} - j.run_at)
                        WHEN j.state NOT IN ('scheduled', 'waiting')
                        THEN greatest(interval '0', j.started_at - j.run_at) END""",
        "run": """CASE WHEN j.state = 'running' THEN {now} - j.started_at
                       WHEN j.state IN ('succeeded', 'dead') THEN j.finished_at - j.started_at END""",
    }
    texts = ("j.task", "j.queue", "j.reason", "j.worker", "j.idempotency_key",
             "SCHEMA.readable_text(j.codec, j.payload)")  # fmt: skip
    error_type = "(j.error ->> 'type')"
    error_message = "(j.error ->> 'message')"
    last_error = "{condition}"
    tag = "v.tag"
    any_tag = "EXISTS (SELECT FROM jsonb_array_elements_text(coalesce(j.tags, '[]')) AS v(tag) WHERE {condition})"
    element = "(v #>> '{}') COLLATE \"C\""
    element_is_text = "jsonb_typeof(v) = 'string'"

    def __init__(self, now: datetime) -> None:
        super().__init__(now)
        self.values: list[Any] = []

    def bind(self, value: Any) -> str:
        """The placeholder under which a value is handed to the server, with its type."""
        cast = next(name for kind, name in _CASTS if isinstance(value, kind))
        self.values.append(value)
        return f"${len(self.values)}::{cast}"

    def holds(self, expression: str, text: str) -> str:
        # So that lower() knows A to Z alone.
        return f'strpos(lower(({expression}) COLLATE "C"), {text}) > 0'

    def like(self, expression: str, pattern: str) -> str:
        return f"({expression}) LIKE {self.bind(_like(pattern))}"

    def elements(self, term: Term, condition: str) -> str:
        whole = _ARGUMENTS if term.field == "args" else "j.meta"
        steps = (f"[{int(step)}]" if is_place(step) else f".{json.dumps(step)}" for step in term.path)
        return _ELEMENTS.format(whole=whole, path=self.bind("strict $" + "".join(steps)), condition=condition)

    def number(self, operator: str, number: float) -> str:
        # Tested before it is cast: SQL may evaluate the sides of AND in any order, those of CASE it may not.
        value = "CASE WHEN jsonb_typeof(v) = 'number' THEN (v #>> '{}')::numeric END"
        return f"(({value}) {operator} {self.bind(repr(number))}::numeric)"

    def constant(self, name: str) -> str:
        return f"v = {self.bind(name)}::jsonb"


def _like(pattern: str) -> str:
    r"""LIKE has other letters for ``*`` and ``?``.

    >>> _like("50%_*?")
    '50\\%\\_%_'
    """
    escaped = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return escaped.replace("*", "%").replace("?", "_")
