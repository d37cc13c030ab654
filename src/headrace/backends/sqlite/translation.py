"""A query of :mod:`headrace.model.search` as a condition of SQL. What it means is told by ``matching`` there.

Every value is bound; nothing of a query but names from the tables below becomes text of a statement. Each term is made
either true or false: a field that the job lacks is NULL to SQL, and would make ``NOT`` neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from headrace.backends.sqlite.times import duration_us, to_us
from headrace.model.search.fields import FIELDS, Kind
from headrace.model.search.matching import as_number, is_place, lowered, resolve
from headrace.model.search.tree import (
    And,
    Between,
    Compare,
    Contains,
    Is,
    Like,
    Loose,
    Not,
    Or,
    Query,
    Term,
    Test,
    Text,
    Value,
)

_COLUMNS = {
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
    "fingerprint": "j.fingerprint",
    "enqueued": "j.enqueued_at",
    "due": "j.run_at",
    "started": "j.started_at",
    "finished": "j.finished_at",
    "expires": "j.expires_at",
    "wait": """CASE WHEN j.state = 'queued' THEN max(0, :now - j.run_at)
                    WHEN j.state NOT IN ('scheduled', 'waiting') THEN max(0, j.started_at - j.run_at) END""",
    "run": """CASE WHEN j.state = 'running' THEN :now - j.started_at
                   WHEN j.state IN ('succeeded', 'dead') THEN j.finished_at - j.started_at END""",
}
_ERROR = "json_extract(a.error, '$.type') || ': ' || json_extract(a.error, '$.message')"
_LAST_ERROR = """(SELECT {condition} FROM headrace_attempts AS a
    WHERE a.seq = j.seq AND a.error IS NOT NULL ORDER BY a.claim DESC LIMIT 1)"""
_TAGS = "EXISTS (SELECT 1 FROM json_each(b.tags) AS v WHERE {condition})"
_ELEMENTS = """(json_type({whole}, {path}) IS NOT 'object'
    AND EXISTS (SELECT 1 FROM json_each({whole}, {path}) AS v WHERE {condition}))"""
_IF_JSON = "CASE WHEN b.codec = 'json' AND typeof(b.payload) = 'text' AND json_valid(b.payload) THEN {condition} END"
_TEXT_COLUMNS = ("j.task", "j.queue", "j.reason", "j.worker", "b.idempotency_key")


class Translator:
    """Collects the bound values of one statement. ``now`` is the instant that relative times are counted from."""

    def __init__(self, now: datetime) -> None:
        self.values: dict[str, Any] = {"now": to_us(now)}
        self._now = now

    def condition(self, query: Query) -> str:
        """The query on the tables ``headrace_jobs AS j`` and ``headrace_bodies AS b``, true or false, never NULL."""
        match query:
            case And(parts=parts):
                return self._joined(" AND ", parts) if parts else "TRUE"
            case Or(parts=parts):
                return self._joined(" OR ", parts)
            case Not(part=part):
                return f"NOT {self.condition(part)}"
            case Text(text=text):
                return self._anywhere(text)
            case Term():
                return f"(({self._term(query)}) IS TRUE)"

    def bind(self, value: Any) -> str:
        """The name under which a value is handed to SQLite."""
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f":{name}"

    def _joined(self, word: str, parts: Iterable[Query]) -> str:
        return f"({word.join(self.condition(part) for part in parts)})"

    def _anywhere(self, text: str) -> str:
        part = self.bind(lowered(text))

        def holds(column: str) -> str:
            return f"instr(lower({column}), {part}) > 0"

        payload = "iif(b.codec = 'json' AND typeof(b.payload) = 'text', b.payload, NULL)"
        places = [holds(column) for column in (*_TEXT_COLUMNS, payload)]
        places += [_LAST_ERROR.format(condition=holds(_ERROR)), _TAGS.format(condition=holds("v.value"))]
        return f"(({' OR '.join(places)}) IS TRUE)"

    def _term(self, term: Term) -> str:
        if FIELDS[term.field].kind is Kind.JSON:
            return self._json(term)
        if term.field == "error":
            return _LAST_ERROR.format(condition=self._any(term, self._error_test))
        if term.field == "tag":
            return _TAGS.format(condition=self._any(term, lambda test: self._test("v.value", test)))
        column = _COLUMNS[term.field]
        return self._any(term, lambda test: self._test(column, test))

    @staticmethod
    def _any(term: Term, condition: Callable[[Test], str]) -> str:
        return f"({' OR '.join(condition(test) for test in term.tests)})"

    def _error_test(self, test: Test) -> str:
        if isinstance(test, Is):
            value = self.bind(test.value)
            return f"{value} IN (json_extract(a.error, '$.type'), json_extract(a.error, '$.message'))"
        return self._test(_ERROR, test)

    def _test(self, column: str, test: Test) -> str:
        match test:
            case Is(value=value):
                return f"({column}) = {self._value(value)}"
            case Like(pattern=pattern):
                return f"({column}) GLOB {self.bind(_glob(pattern))}"
            case Contains(text=text):
                return f"instr(lower({column}), {self.bind(lowered(text))}) > 0"
            case Compare(operator=operator, value=value):
                return f"({column}) {operator} {self._value(value)}"
            case Between(low=low, high=high):
                below = "<" if isinstance(resolve(high, self._now), datetime) else "<="
                return f"(({column}) >= {self._value(low)} AND ({column}) {below} {self._value(high)})"

    def _value(self, value: Value) -> str:
        resolved = resolve(value, self._now)
        if isinstance(resolved, datetime):
            return self.bind(to_us(resolved))
        return self.bind(duration_us(resolved) if isinstance(resolved, timedelta) else resolved)

    def _json(self, term: Term) -> str:
        whole = "b.payload" if term.field == "args" else "b.meta"
        path = self.bind("$" + "".join(f"[{int(step)}]" if is_place(step) else f'."{step}"' for step in term.path))
        elements = _ELEMENTS.format(whole=whole, path=path, condition=self._any(term, self._json_test))
        return _IF_JSON.format(condition=elements) if term.field == "args" else elements

    def _json_test(self, test: Test) -> str:
        match test:
            case Is(value=Loose(text=text)):
                return self._loosely(text)
            case Compare(operator=operator, value=bound):
                return self._ordered(operator, bound)
            case Between(low=low, high=high):
                return f"({self._ordered('>=', low)} AND {self._ordered('<=', high)})"
            case _:
                return f"(v.type = 'text' AND {self._test('v.atom', test)})"

    def _loosely(self, text: str) -> str:
        ways = [f"(v.type = 'text' AND v.atom = {self.bind(text)})"]
        number = as_number(text)
        if number is not None:
            ways.append(f"(v.type IN ('integer', 'real') AND v.atom = {self.bind(number)})")
        if text in ("true", "false", "null"):
            ways.append(f"v.type = {self.bind(text)}")
        return f"({' OR '.join(ways)})"

    def _ordered(self, operator: str, bound: Value) -> str:
        number = as_number(bound.text) if isinstance(bound, Loose) else None
        if number is not None:
            return f"(v.type IN ('integer', 'real') AND v.atom {operator} {self.bind(number)})"
        text = bound.text if isinstance(bound, Loose) else bound
        return f"(v.type = 'text' AND v.atom {operator} {self.bind(text)})"


def _glob(pattern: str) -> str:
    """SQLite's GLOB has the same ``*`` and ``?``, and classes in brackets, which the language of searches has not.

    >>> _glob("a[1]*")
    'a[[]1]*'
    """
    return pattern.replace("[", "[[]")
