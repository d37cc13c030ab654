"""Payloads: what goes in comes out, in every codec."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any, NamedTuple, TypedDict
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field

from headrace.errors import ConfigError
from headrace.model.payload import Codec, Codecs, decoder_of

CODECS = ("json", "msgpack")
INT64 = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
REAL = st.floats(allow_nan=False, allow_infinity=False)


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


@dataclass
class Point:
    x: int
    y: float


class Order(Struct):
    id: UUID
    points: list[Point] = []


class Row(TypedDict):
    name: str
    at: datetime


class Pair(NamedTuple):
    left: int
    right: str


class User(BaseModel):
    name: str
    born: date
    nick: str = Field(default="", alias="nickName")


class StrictUser(BaseModel):
    model_config = ConfigDict(strict=True)
    id: UUID
    born: date


points = st.builds(Point, INT64, REAL)
utc = st.datetimes(timezones=st.just(UTC))
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | INT64 | REAL | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=10,
)

KINDS: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (Any, json_values),
    (int, INT64),
    (float, REAL),
    (str, TEXT),
    (bool, st.booleans()),
    (bytes, st.binary()),
    (datetime, utc),
    (datetime, st.datetimes()),
    (date, st.dates()),
    (time, st.times()),
    (timedelta, st.timedeltas(timedelta(days=-10_000), timedelta(days=10_000))),
    (UUID, st.uuids()),
    (Decimal, st.decimals(allow_nan=False, allow_infinity=False)),
    (Colour, st.sampled_from(Colour)),
    (Level, st.sampled_from(Level)),
    (Point, points),
    (Order, st.builds(Order, st.uuids(), st.lists(points, max_size=3))),
    (Row, st.fixed_dictionaries({"name": TEXT, "at": utc})),
    (Pair, st.builds(Pair, INT64, TEXT)),
    (set[int], st.sets(INT64)),
    (frozenset[str], st.frozensets(TEXT)),
    (tuple[int, str], st.tuples(INT64, TEXT)),
    (tuple[float, ...], st.lists(REAL).map(tuple)),
    (dict[str, Point], st.dictionaries(TEXT, points, max_size=3)),
    (dict[int, UUID], st.dictionaries(INT64, st.uuids(), max_size=3)),
    (Point | None, points | st.none()),
    (User, st.builds(lambda name, born: User(name=name, born=born, nickName="n"), TEXT, st.dates())),
    (StrictUser, st.builds(StrictUser, id=st.uuids(), born=st.dates())),
    (list[User], st.lists(st.builds(User, name=TEXT, born=st.dates(), nickName=TEXT), max_size=2)),
]


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize(("kind", "values"), KINDS, ids=lambda part: getattr(part, "__name__", None) or str(part)[:40])
def test_a_value_of_every_supported_type_comes_back_as_it_went_in(
    kind: Any, values: st.SearchStrategy[Any], codec: str
) -> None:
    chosen = Codecs().get(codec)
    decode = decoder_of(chosen, kind)

    @given(values)
    def round_trip(value: Any) -> None:
        read = decode(chosen.encode(value))
        assert read == value
        assert type(read) is type(value)

    round_trip()


def test_json_can_be_read_by_everyone() -> None:
    data = Codecs().get("json").encode({"at": datetime(2025, 1, 31, 9, tzinfo=UTC), "raw": b"\x00\xff"})
    assert data == b'{"at":"2025-01-31T09:00:00Z","raw":"AP8="}'


def test_what_is_not_a_number_does_not_pass_as_a_number_in_json() -> None:
    codec = Codecs().get("json")
    with pytest.raises(ValueError, match="Expected `float`"):
        decoder_of(codec, float)(codec.encode(math.nan))


@pytest.mark.parametrize("codec", CODECS)
def test_a_value_that_does_not_fit_its_type_is_refused(codec: str) -> None:
    chosen = Codecs().get(codec)
    with pytest.raises(ValueError, match=r"Expected `int`.*\$\.x"):
        decoder_of(chosen, Point)(chosen.encode({"x": "one", "y": 2.0}))


@pytest.mark.parametrize("codec", CODECS)
def test_an_object_of_an_unknown_class_is_refused_with_what_would_do(codec: str) -> None:
    with pytest.raises(TypeError, match="type Colander cannot be encoded; use builtin types"):
        Codecs().get(codec).encode(Colander())


class Colander: ...


@pytest.mark.parametrize("codec", CODECS)
def test_a_pydantic_model_that_does_not_fit_is_refused(codec: str) -> None:
    chosen = Codecs().get(codec)
    with pytest.raises(ValueError, match="born"):
        decoder_of(chosen, User)(chosen.encode({"name": "Ada", "born": "soon"}))


class Shouting:
    """A codec of a user's own: it knows nothing but dictionaries and text."""

    name = "shouting"

    def encode(self, value: Any) -> bytes:
        return repr(value).upper().encode()

    def decode(self, data: bytes, kind: Any) -> Any:
        return {"x": 1, "y": 2.0}


def test_a_codec_of_ones_own_is_found_by_its_name_and_its_answers_are_checked() -> None:
    codec: Codec = Codecs([Shouting()]).get("shouting")
    assert decoder_of(codec, Point)(b"") == Point(1, 2.0)
    with pytest.raises(ValueError, match="Expected"):
        decoder_of(codec, int)(b"")


def test_a_codec_cannot_take_the_name_of_another() -> None:
    with pytest.raises(ConfigError, match="a codec named 'shouting' already"):
        Codecs([Shouting(), Shouting()])


def test_an_unknown_codec_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"'pickle' is not known\. Known: json, msgpack"):
        Codecs().get("pickle")
