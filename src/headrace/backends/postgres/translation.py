"""A query of :mod:`headrace.model.search` as a condition of SQL. What it means is told by ``matching`` there.

Every value is bound; nothing of a query but names from the tables below becomes text of a statement. Each term is made
either true or false: a field that the job lacks is NULL to SQL, and would make ``NOT`` neither.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

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
    "id": "j.id::text",
    "state": "j.state",
    "queue": "j.queue",
    "task": "j.task",
    "worker": "j.worker",
    "key": "j.idempotency_key",
    "unique": "j.unique_key",
    "partition": "j.partition",
    "fingerprint": "j.fingerprint",
    "version": "j.task_version",
    "priority": "j.priority",
    "attempt": "j.attempt",
    "reason": "j.reason",
    "enqueued": "j.enqueued_at",
    "due": "j.run_at",
    "started": "j.started_at",
    "finished": "j.finished_at",
    "expires": "j.expires_at",
    "wait": """CASE WHEN j.state = 'queued' THEN greatest(interval '0', {now} - j.run_at)
                    WHEN j.state NOT IN ('scheduled', 'waiting') THEN greatest(interval '0', j.started_at - j.run_at)
               END""",
    "run": """CASE WHEN j.state = 'running' THEN {now} - j.started_at
                   WHEN j.state IN ('succeeded', 'dead') THEN j.finished_at - j.started_at END""",
}
_ERROR = "((j.error ->> 'type') || ': ' || (j.error ->> 'message'))"
_TAGS = "EXISTS (SELECT FROM jsonb_array_elements_text(coalesce(j.tags, '[]')) AS v(tag) WHERE {condition})"
_ARGUMENTS = "SCHEMA.readable(j.codec, j.payload)"
_ELEMENTS = """EXISTS (
    SELECT FROM jsonb_path_query({whole}, {path}::jsonpath, '{{}}', true) AS f(found),
        jsonb_array_elements(CASE jsonb_typeof(found) WHEN 'array' THEN found WHEN 'object' THEN '[]'
                             ELSE jsonb_build_array(found) END) AS e(v)
    WHERE {condition})"""
_TEXT = "(v #>> '{}')"
_TEXT_COLUMNS = ("j.task", "j.queue", "j.reason", "j.worker", "j.idempotency_key")
_CASTS: tuple[tuple[type, str], ...] = (
    (datetime, "timestamptz"),
    (timedelta, "interval"),
    (int, "bigint"),
    (str, "text"),
)


class Translator:
    """Collects the bound values of one statement. ``now`` is the instant that relative times are counted from."""

    def __init__(self, now: datetime) -> None:
        self.values: list[Any] = []
        self._now = now

    def condition(self, query: Query) -> str:
        """The query on the view ``all_jobs AS j``, true or false, never NULL."""
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
        """The placeholder under which a value is handed to the server, with its type."""
        cast = next(name for kind, name in _CASTS if isinstance(value, kind))
        self.values.append(value)
        return f"${len(self.values)}::{cast}"

    def _joined(self, word: str, parts: Iterable[Query]) -> str:
        return f"({word.join(self.condition(part) for part in parts)})"

    def _anywhere(self, text: str) -> str:
        part = self.bind(lowered(text))
        payload = f"({_ARGUMENTS.replace('readable', 'readable_text')})"
        places = [_holds(column, part) for column in (*_TEXT_COLUMNS, payload, _ERROR)]
        places.append(_TAGS.format(condition=_holds("v.tag", part)))
        return f"(({' OR '.join(places)}) IS TRUE)"

    def _term(self, term: Term) -> str:
        if FIELDS[term.field].kind is Kind.JSON:
            return self._json(term)
        if term.field == "error":
            return self._any(term, self._error_test)
        if term.field == "tag":
            return _TAGS.format(condition=self._any(term, lambda test: self._test("v.tag", test)))
        column = _COLUMNS[term.field]
        if "{now}" in column:
            column = column.format(now=self.bind(self._now))
        return self._any(term, lambda test: self._test(column, test))

    @staticmethod
    def _any(term: Term, condition: Callable[[Test], str]) -> str:
        return f"({' OR '.join(condition(test) for test in term.tests)})"

    def _error_test(self, test: Test) -> str:
        if isinstance(test, Is):
            return f"{self.bind(test.value)} IN (j.error ->> 'type', j.error ->> 'message')"
        return self._test(_ERROR, test)

    def _test(self, column: str, test: Test) -> str:
        match test:
            case Is(value=value):
                return f"({column}) = {self._value(value)}"
            case Like(pattern=pattern):
                return f"({column}) LIKE {self.bind(_like(pattern))}"
            case Contains(text=text):
                return _holds(column, self.bind(lowered(text)))
            case Compare(operator=operator, value=value):
                return f"({column}) {operator} {self._value(value)}"
            case Between(low=low, high=high):
                below = "<" if isinstance(resolve(high, self._now), datetime) else "<="
                return f"(({column}) >= {self._value(low)} AND ({column}) {below} {self._value(high)})"

    def _value(self, value: Value) -> str:
        return self.bind(resolve(value, self._now))

    def _json(self, term: Term) -> str:
        whole = _ARGUMENTS if term.field == "args" else "j.meta"
        steps = (f"[{int(step)}]" if is_place(step) else f".{json.dumps(step)}" for step in term.path)
        path = self.bind("strict $" + "".join(steps))
        return _ELEMENTS.format(whole=whole, path=path, condition=self._any(term, self._json_test))

    def _json_test(self, test: Test) -> str:
        match test:
            case Is(value=Loose(text=text)):
                return self._loosely(text)
            case Compare(operator=operator, value=bound):
                return self._ordered(operator, bound)
            case Between(low=low, high=high):
                return f"({self._ordered('>=', low)} AND {self._ordered('<=', high)})"
            case _:
                return f"(jsonb_typeof(v) = 'string' AND {self._test(_TEXT, test)})"

    def _loosely(self, text: str) -> str:
        ways = [f"(jsonb_typeof(v) = 'string' AND {_TEXT} = {self.bind(text)})"]
        number = as_number(text)
        if number is not None:
            ways.append(self._numeric("=", number))
        if text in ("true", "false"):
            ways.append(f"(jsonb_typeof(v) = 'boolean' AND {_TEXT} = {self.bind(text)})")
        if text == "null":
            ways.append("jsonb_typeof(v) = 'null'")
        return f"({' OR '.join(ways)})"

    def _ordered(self, operator: str, bound: Value) -> str:
        number = as_number(bound.text) if isinstance(bound, Loose) else None
        if number is not None:
            return self._numeric(operator, number)
        text = bound.text if isinstance(bound, Loose) else bound
        return f"(jsonb_typeof(v) = 'string' AND {_TEXT} COLLATE \"C\" {operator} {self.bind(text)})"

    def _numeric(self, operator: str, number: float) -> str:
        # Tested before it is cast: SQL may evaluate the sides of AND in any order, those of CASE it may not.
        value = f"CASE WHEN jsonb_typeof(v) = 'number' THEN {_TEXT}::numeric END"
        return f"(({value}) {operator} {self.bind(repr(number))}::numeric)"


def _holds(column: str, part: str) -> str:
    """Letters A to Z are the same as a to z, and no others: so lower() is asked to know nothing else."""
    return f'strpos(lower(({column}) COLLATE "C"), {part}) > 0'


def _like(pattern: str) -> str:
    r"""LIKE has other letters for ``*`` and ``?``.

    >>> _like("50%_*?")
    '50\\%\\_%_'
    """
    escaped = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return escaped.replace("*", "%").replace("?", "_")
