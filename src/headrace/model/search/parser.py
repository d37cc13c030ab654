"""From text to a query.

::

    query = or
    or    = and { "OR" and }
    and   = unary { ["AND"] unary }
    unary = ["-" | "NOT"] ( term | text | "(" or ")" )
    term  = FIELD ":" item { "," item }
    item  = [">" | ">=" | "<" | "<=" | "=" | "~"] atom  |  [atom] ".." [atom]
    atom  = bare | '"' quoted '"'
"""

from __future__ import annotations

import re
from difflib import get_close_matches

from headrace.errors import QueryError
from headrace.model.search.asked import is_asked
from headrace.model.search.fields import ASKED, FIELDS, SHORTHANDS, Kind
from headrace.model.search.tree import And, Not, Or, Query, Term, Text
from headrace.model.search.values import Atom, Item, Refusal, read_items

QUERY_LETTERS_MAX = 4_000
"""A query is written by a person or a form; what is longer is a list of ids, and belongs in one."""

QUERY_TERMS_MAX = 200
QUERY_DEPTH_MAX = 50
"""Far more than people write, and well below where SQLite's expressions and Python's recursion end."""

_SPACE = re.compile(r"\s*")
_FIELD = re.compile(r"([A-Za-z_][\w-]*(?:\.[\w-]+)*):")
_WORD = re.compile(r'[^\s()"]+')
_BARE = re.compile(r'(?:(?!\.\.)[^\s(),"])+')
_OPERATOR = re.compile(r">=|<=|>|<|=|~")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ONLY_IN_LISTS = (
    "this asks how things stand now, which only lists of jobs do; hand on what they find, as in: "
    "headrace job list why:paused -o name | headrace job cancel -"
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def parse(text: str, *, asked: bool = False) -> Query:
    """Read a query; empty text finds everything. Raises QueryError that points at the place and says what would do.

    ``asked`` allows the terms of :mod:`headrace.model.search.asked`, which no store understands.

    >>> parse("args.user.id:42")
    Term(field='args', tests=(Is(value=Loose(text='42')),), path=('user', 'id'))
    >>> parse("que:mail")
    Traceback (most recent call last):
        ...
    headrace.errors.QueryError: no field 'que'. Did you mean 'queue'?
      que:mail
      ^^^
    """
    return _Parser(text, asked=asked).query()


class _Parser:
    """Reads from left to right, one place at a time."""

    def __init__(self, text: str, *, asked: bool) -> None:
        self._text = text
        self._asked = asked
        self._at = 0
        self._depth = 0
        self._terms = 0

    def query(self) -> Query:
        if len(self._text) > QUERY_LETTERS_MAX:
            raise self._error(f"a query has at most {QUERY_LETTERS_MAX} letters; this one has {len(self._text)}", 0, 1)
        self._skip()
        if self._ended():
            return And(())
        found = self._or()
        if not self._ended():
            raise self._error("there is no '(' for this ')'", self._at, self._at + 1)
        return found

    def _or(self) -> Query:
        self._depth += 1
        if self._depth > QUERY_DEPTH_MAX:
            raise self._error(f"parentheses are nested more than {QUERY_DEPTH_MAX} deep", self._at, self._at + 1)
        parts = [self._and()]
        while self._keyword("OR"):
            parts.append(self._and())
        self._depth -= 1
        return _joined(Or, parts)

    def _and(self) -> Query:
        parts = [self._unary()]
        while True:
            if self._keyword("AND"):
                parts.append(self._unary())
            elif self._ended() or self._here() == ")" or self._sees_keyword("OR"):
                return _joined(And, parts)
            else:
                parts.append(self._unary())

    def _unary(self) -> Query:
        negations = 0
        while self._keyword("NOT") or self._minus():
            negations += 1
        if negations > QUERY_DEPTH_MAX:
            raise self._error("too many negations in a row", self._at - 1, self._at)
        found = self._primary()
        for _ in range(negations):
            found = Not(found)
        return found

    def _primary(self) -> Query:
        start = self._at
        if self._ended() or self._here() == ")" or self._sees_keyword("OR") or self._sees_keyword("AND"):
            raise self._error("something to search for is missing here", start, start + 1)
        if self._here() == "(":
            return self._group()
        self._terms += 1
        if self._terms > QUERY_TERMS_MAX:
            raise self._error(f"a query has at most {QUERY_TERMS_MAX} terms", start, start + 1)
        field = _FIELD.match(self._text, start)
        if field is not None:
            return self._term(field)
        if self._here() == '"':
            return Text(self._quoted())
        word = _WORD.match(self._text, start)
        assert word is not None
        self._move(word.end())
        return Text(word.group())

    def _group(self) -> Query:
        start = self._at
        self._move(start + 1)
        found = self._or()
        if self._ended():
            raise self._error("this '(' is not closed", start, start + 1)
        self._move(self._at + 1)
        return found

    def _term(self, head: re.Match[str]) -> Query:
        name, *path = head.group(1).split(".")
        field = FIELDS.get(name) or SHORTHANDS.get(name) or ASKED.get(name)
        if field is None:
            raise self._error(_unknown(name), head.start(), head.start() + len(name))
        if path and name not in ("args", "meta"):
            raise self._error(f"{name!r} has no parts; only args and meta do", head.start(), head.end() - 1)
        if not path and name in ("args", "meta"):
            raise self._error(f"say which of them, as in {field.example}", head.start(), head.end())
        self._at = head.end()
        items = [self._item(name, field.example)]
        while self._text.startswith(",", self._at):
            self._at += 1
            items.append(self._item(name, field.example))
        following = self._text[self._at : self._at + 1]
        if following and not following.isspace() and following not in "()":
            raise self._error("a value ends here, and no space follows", self._at, self._at + 1)
        self._skip()
        try:
            tests = read_items(name, field.kind, items)
        except Refusal as refusal:
            reason = f"{refusal}" if field.kind is Kind.STATE else f"{name}: {refusal}"
            raise self._error(reason, refusal.start, refusal.end) from None
        found = Term("enqueued" if name in SHORTHANDS else name, tests, tuple(path))
        if not self._asked and is_asked(found):
            raise self._error(_ONLY_IN_LISTS, head.start(), self._at)
        return found

    def _item(self, field: str, example: str) -> Item:
        start = self._at
        operator = _OPERATOR.match(self._text, start)
        if operator is not None:
            self._at = operator.end()
        first = self._atom()
        if operator is None and self._text.startswith("..", self._at):
            self._at += 2
            item = Item(None, first, self._atom(), True, start, self._at)
        else:
            item = Item(operator.group() if operator else None, first, None, False, start, self._at)
        if item.first is None and item.second is None:
            raise self._error(f"{field} needs a value, as in {example}", start - 1, max(self._at, start))
        return item

    def _atom(self) -> Atom | None:
        if self._text.startswith('"', self._at):
            start = self._at
            text = self._quoted(skip=False)
            return Atom(text, True, start, self._at)
        bare = _BARE.match(self._text, self._at)
        if bare is None:
            return None
        self._at = bare.end()
        return Atom(bare.group(), False, bare.start(), bare.end())

    def _quoted(self, *, skip: bool = True) -> str:
        found = _QUOTED.match(self._text, self._at)
        if found is None:
            raise self._error("this quote is not closed", self._at, self._at + 1)
        self._at = found.end()
        if skip:
            self._skip()
        return _ESCAPE.sub(r"\1", found.group(1))

    def _keyword(self, word: str) -> bool:
        if not self._sees_keyword(word):
            return False
        self._move(self._at + len(word))
        return True

    def _sees_keyword(self, word: str) -> bool:
        found = _WORD.match(self._text, self._at)
        return found is not None and found.group() == word

    def _minus(self) -> bool:
        following = self._text[self._at + 1 : self._at + 2]
        if self._here() != "-" or not following or following.isspace():
            return False
        self._at += 1
        return True

    def _here(self) -> str:
        return self._text[self._at : self._at + 1]

    def _ended(self) -> bool:
        return self._at >= len(self._text)

    def _move(self, place: int) -> None:
        self._at = place
        self._skip()

    def _skip(self) -> None:
        found = _SPACE.match(self._text, self._at)
        assert found is not None
        self._at = found.end()

    def _error(self, message: str, start: int, end: int) -> QueryError:
        return QueryError(message, self._text, start, max(end, start + 1))


def _joined(kind: type[And] | type[Or], parts: list[Query]) -> Query:
    """The parts as one query; what is joined the same way already is not nested."""
    if len(parts) == 1:
        return parts[0]
    flat: list[Query] = []
    for part in parts:
        flat += part.parts if isinstance(part, kind) else (part,)
    return kind(tuple(flat))


def _unknown(name: str) -> str:
    known = [*FIELDS, *SHORTHANDS, *ASKED]
    near = get_close_matches(name.lower(), known, n=1)
    if near:
        return f"no field {name!r}. Did you mean {near[0]!r}?"
    return f"no field {name!r}. Fields: {', '.join(known)}. To search for the text itself, quote it"
