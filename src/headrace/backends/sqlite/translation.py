"""How SQLite says what a query asks for, on the tables ``headrace_jobs AS j`` and ``headrace_bodies AS b``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from headrace.backends.sqlite.times import duration_us, to_us
from headrace.model.search.matching import is_place
from headrace.model.search.tree import Term
from headrace.storage import conditions

_ELEMENTS = """(json_type({whole}, {path}) IS NOT 'object'
    AND EXISTS (SELECT 1 FROM json_each({whole}, {path}) AS v WHERE {condition}))"""
_IF_JSON = "CASE WHEN b.codec = 'json' AND typeof(b.payload) = 'text' AND json_valid(b.payload) THEN {condition} END"


class Translator(conditions.Translator):
    """The values are bound by name. Instants and durations are microseconds, as they are stored."""

    columns: ClassVar[Mapping[str, str]] = {
        "id": "j.id",
        "state": "j.state",
        "queue": "j.queue",
        "task": "j.task",
        "worker": "j.worker",
        "key": "b.idempotency_key",
        "unique": "j.unique_key",
        "version": "b.task_version",
        "priority": "j.priority",
        "attempt": "j.attempt",
        "reason": "j.reason",
        "size": "length(CAST(b.payload AS BLOB))",
        "fingerprint": "j.fingerprint",
        "enqueued": "j.enqueued_at",
        "due": "j.run_at",
        "started": "j.started_at",
        "finished": "j.finished_at",
        "expires": "j.expires_at",
        "wait": """CASE WHEN j.state = 'queued' THEN max(0, {now} - j.run_at)
                        WHEN j.state NOT IN ('scheduled', 'waiting') THEN max(0, j.started_at - j.run_at) END""",
        "run": """CASE WHEN j.state = 'running' THEN {now} - j.started_at
                       WHEN j.state IN ('succeeded', 'dead') THEN j.finished_at - j.started_at END""",
    }
    texts = ("j.task", "j.queue", "j.reason", "j.worker", "b.idempotency_key",
             "iif(b.codec = 'json' AND typeof(b.payload) = 'text', b.payload, NULL)")  # fmt: skip
    error_type = "json_extract(a.error, '$.type')"
    error_message = "json_extract(a.error, '$.message')"
    last_error = """(SELECT {condition} FROM headrace_attempts AS a
        WHERE a.seq = j.seq AND a.error IS NOT NULL ORDER BY a.claim DESC LIMIT 1)"""
    tag = "v.value"
    any_tag = "EXISTS (SELECT 1 FROM json_each(b.tags) AS v WHERE {condition})"
    element = "v.atom"
    element_is_text = "v.type = 'text'"

    def __init__(self, now: datetime) -> None:
        super().__init__(now)
        self.values: dict[str, Any] = {}

    def bind(self, value: Any) -> str:
        """The name under which a value is handed to SQLite."""
        if isinstance(value, datetime):
            value = to_us(value)
        elif isinstance(value, timedelta):
            value = duration_us(value)
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f":{name}"

    def holds(self, expression: str, text: str) -> str:
        return f"instr(lower({expression}), {text}) > 0"

    def like(self, expression: str, pattern: str) -> str:
        return f"({expression}) GLOB {self.bind(_glob(pattern))}"

    def elements(self, term: Term, condition: str) -> str:
        whole = "b.payload" if term.field == "args" else "b.meta"
        path = self.bind("$" + "".join(f"[{int(step)}]" if is_place(step) else f'."{step}"' for step in term.path))
        elements = _ELEMENTS.format(whole=whole, path=path, condition=condition)
        return _IF_JSON.format(condition=elements) if term.field == "args" else elements

    def number(self, operator: str, number: float) -> str:
        return f"(v.type IN ('integer', 'real') AND v.atom {operator} {self.bind(number)})"

    def constant(self, name: str) -> str:
        return f"v.type = {self.bind(name)}"


def _glob(pattern: str) -> str:
    """SQLite's GLOB has the same ``*`` and ``?``, and classes in brackets, which the language of searches has not.

    >>> _glob("a[1]*")
    'a[[]1]*'
    """
    return pattern.replace("[", "[[]")
