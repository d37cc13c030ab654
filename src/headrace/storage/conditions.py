"""A query of :mod:`headrace.model.search` as a condition of SQL: the walk that the stores which speak SQL share.

What a query means is told by ``matching`` there; how a dialect says it, by each store. Every value is bound: nothing of
a query but names from a store's own tables becomes text of a statement. Each term is made either true or false: a field
that the job lacks is NULL to SQL, and would make ``NOT`` neither.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from headrace.model.search.fields import FIELDS, Kind
from headrace.model.search.matching import as_number, lowered, resolve
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


class Translator(ABC):
    """Collects the bound values of one statement. ``now`` is the instant that relative times are counted from.

    The job is ``j`` to all expressions. Those with ``{condition}`` make a condition on a row of another table one on
    the job.
    """

    columns: ClassVar[Mapping[str, str]]
    """The expression of each field that is no document, by its name; ``{now}`` in it is the instant."""
    texts: ClassVar[tuple[str, ...]]
    """Where a word is looked for, beside the last error and the tags."""
    error_type: ClassVar[str]
    error_message: ClassVar[str]
    last_error: ClassVar[str]
    tag: ClassVar[str]
    any_tag: ClassVar[str]
    element: ClassVar[str]
    """A text in a document, as text that is ordered by code point."""
    element_is_text: ClassVar[str]

    def __init__(self, now: datetime) -> None:
        self._now = now

    @abstractmethod
    def bind(self, value: Any) -> str:
        """The placeholder for a text, a number, an instant or a duration."""

    @abstractmethod
    def holds(self, expression: str, text: str) -> str:
        """Whether a text holds the one bound as ``text``; letters A to Z are the same as a to z, and no others."""

    @abstractmethod
    def like(self, expression: str, pattern: str) -> str:
        """Whether a text fits a pattern with ``*`` for any letters and ``?`` for one."""

    @abstractmethod
    def elements(self, term: Term, condition: str) -> str:
        """Whether the condition holds for the element at the term's path, or for one of the list there."""

    @abstractmethod
    def number(self, operator: str, number: float) -> str:
        """Whether the element is a number that compares so."""

    @abstractmethod
    def constant(self, name: str) -> str:
        """Whether the element is ``true``, ``false`` or ``null``."""

    def condition(self, query: Query) -> str:
        """The query on the job ``j``, true or false, never NULL."""
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

    def _joined(self, word: str, parts: Iterable[Query]) -> str:
        return f"({word.join(self.condition(part) for part in parts)})"

    def _anywhere(self, text: str) -> str:
        part = self.bind(lowered(text))
        places = [self.holds(expression, part) for expression in self.texts]
        places.append(self.last_error.format(condition=self.holds(self._error, part)))
        places.append(self.any_tag.format(condition=self.holds(self.tag, part)))
        return f"(({' OR '.join(places)}) IS TRUE)"

    @property
    def _error(self) -> str:
        return f"({self.error_type} || ': ' || {self.error_message})"

    def _term(self, term: Term) -> str:
        if FIELDS[term.field].kind is Kind.JSON:
            return self.elements(term, self._any(term, self._element_test))
        if term.field == "error":
            return self.last_error.format(condition=self._any(term, self._error_test))
        if term.field == "tag":
            return self.any_tag.format(condition=self._any(term, lambda test: self._test(self.tag, test)))
        column = self.columns[term.field]
        if "{now}" in column:
            column = column.format(now=self.bind(self._now))
        return self._any(term, lambda test: self._test(column, test))

    @staticmethod
    def _any(term: Term, condition: Callable[[Test], str]) -> str:
        return f"({' OR '.join(condition(test) for test in term.tests)})"

    def _error_test(self, test: Test) -> str:
        if isinstance(test, Is):
            return f"{self.bind(test.value)} IN ({self.error_type}, {self.error_message})"
        return self._test(self._error, test)

    def _test(self, expression: str, test: Test) -> str:
        match test:
            case Is(value=value):
                return f"({expression}) = {self._value(value)}"
            case Like(pattern=pattern):
                return self.like(expression, pattern)
            case Contains(text=text):
                return self.holds(expression, self.bind(lowered(text)))
            case Compare(operator=operator, value=value):
                return f"({expression}) {operator} {self._value(value)}"
            case Between(low=low, high=high):
                below = "<" if isinstance(resolve(high, self._now), datetime) else "<="
                return f"(({expression}) >= {self._value(low)} AND ({expression}) {below} {self._value(high)})"

    def _value(self, value: Value) -> str:
        return self.bind(resolve(value, self._now))

    def _element_test(self, test: Test) -> str:
        match test:
            case Is(value=Loose(text=text)):
                return self._loosely(text)
            case Compare(operator=operator, value=bound):
                return self._ordered(operator, bound)
            case Between(low=low, high=high):
                return f"({self._ordered('>=', low)} AND {self._ordered('<=', high)})"
            case _:
                return f"({self.element_is_text} AND {self._test(self.element, test)})"

    def _loosely(self, text: str) -> str:
        ways = [self._text("=", text)]
        number = as_number(text)
        if number is not None:
            ways.append(self.number("=", number))
        if text in ("true", "false", "null"):
            ways.append(self.constant(text))
        return f"({' OR '.join(ways)})"

    def _ordered(self, operator: str, bound: Value) -> str:
        number = as_number(bound.text) if isinstance(bound, Loose) else None
        if number is not None:
            return self.number(operator, number)
        return self._text(operator, bound.text if isinstance(bound, Loose) else bound)

    def _text(self, operator: str, text: Value) -> str:
        return f"({self.element_is_text} AND {self.element} {operator} {self.bind(text)})"
