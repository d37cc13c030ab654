"""Arguments: stored by name, checked when they are enqueued, and the same when they come back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, TypedDict, Unpack

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from headrace.errors import InvalidArguments, UsageError
from headrace.model.payload import Codec, Codecs
from headrace.tasks.schema import VALUE_TEXT_MAX, ArgumentsSchema

if TYPE_CHECKING:
    from fractions import Fraction


@dataclass
class Address:
    city: str
    zip: int


class User(BaseModel):
    name: str
    age: int


class Extras(TypedDict, total=False):
    colour: str
    size: int


def plain(name: str, loud: bool = False) -> None: ...
def named(*, a: int, b: int = 2) -> None: ...
def positions(a: int, b: int = 2, /, c: int = 3) -> None: ...
def rest(a: int, *more: int, flag: bool = False) -> None: ...
def everything(a: int, /, b: int, *args: int, c: int, d: int = 4, **kwargs: int) -> None: ...
def unpacked(**extras: Unpack[Extras]) -> None: ...
def anything(a, b=None):  # type: ignore[no-untyped-def]
    ...
def rich(address: Address, users: list[User], day: date | None = None) -> None: ...
def small(count: Annotated[int, msgspec.Meta(ge=1)]) -> None: ...
def ambiguous(value: list[int] | set[int]) -> None: ...
def hidden(value: Fraction) -> None: ...
def self_named(self: int, cls: int = 0, *, name: int = 1) -> None: ...


JSON = Codecs().get("json")


def schema_of(function: Callable[..., Any]) -> ArgumentsSchema:
    return ArgumentsSchema(function.__name__, function)


def encode(function: Callable[..., Any], *args: Any, **kwargs: Any) -> bytes:
    return schema_of(function).encode(JSON, args, kwargs)


@pytest.mark.parametrize(
    ("function", "args", "kwargs", "stored"),
    [
        (plain, ("Ada",), {}, b'{"name":"Ada"}'),
        (plain, ("Ada", True), {}, b'{"name":"Ada","loud":true}'),
        (plain, (), {"loud": False, "name": "Ada"}, b'{"name":"Ada","loud":false}'),
        (named, (), {"a": 1}, b'{"a":1}'),
        (named, (), {"b": 3, "a": 1}, b'{"a":1,"b":3}'),
        (positions, (1,), {"c": 5}, b'{"a":1,"c":5}'),
        (rest, (1, 2, 3), {"flag": True}, b'{"a":1,"more":[2,3],"flag":true}'),
        (everything, (1, 2, 3), {"c": 9, "x": 7}, b'{"a":1,"b":2,"args":[3],"c":9,"kwargs":{"x":7}}'),
        (everything, (1, 2), {"c": 9, "a": 5}, b'{"a":1,"b":2,"c":9,"kwargs":{"a":5}}'),
        (unpacked, (), {"colour": "red"}, b'{"extras":{"colour":"red"}}'),
        (anything, (1, [2]), {}, b'{"a":1,"b":[2]}'),
        (self_named, (1,), {"name": 2}, b'{"self":1,"name":2}'),
    ],
)
def test_arguments_are_stored_by_name_and_left_out_where_the_caller_left_them_out(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], stored: bytes
) -> None:
    assert encode(function, *args, **kwargs) == stored


@pytest.mark.parametrize("codec", ["json", "msgpack"])
@given(data=st.data())
def test_a_call_comes_back_as_the_same_call(codec: str, data: st.DataObject) -> None:
    numbers = st.integers(0, 9)
    args = (data.draw(numbers), data.draw(numbers), *data.draw(st.lists(numbers, max_size=3)))
    kwargs = {"c": data.draw(numbers)} | data.draw(st.dictionaries(st.sampled_from(["a", "d", "x", "y"]), numbers))
    chosen, schema = Codecs().get(codec), schema_of(everything)
    got_args, got_kwargs = schema.decode(chosen, schema.encode(chosen, args, kwargs))
    assert schema.signature.bind(*got_args, **got_kwargs) == schema.signature.bind(*args, **kwargs)


def test_rich_arguments_come_back_in_their_types() -> None:
    schema = schema_of(rich)
    args = (Address("Paris", 75001), [User(name="Ada", age=36)])
    assert schema.decode(JSON, schema.encode(JSON, args, {"day": date(2025, 1, 31)})) == (
        (*args, date(2025, 1, 31)),
        {},
    )


@pytest.mark.parametrize(
    ("function", "args", "kwargs", "told"),
    [
        (plain, (), {}, "plain: missing a required argument: 'name'. Signature: plain(name: str, loud: bool = False)"),
        (plain, ("Ada", True, 3), {}, "plain: too many positional arguments"),
        (plain, ("Ada",), {"lout": True}, "plain: got an unexpected keyword argument 'lout'"),
        (plain, ("Ada",), {"name": "Bob"}, "plain: multiple values for argument 'name'"),
        (plain, (5,), {}, "plain: name=5 does not fit: Expected `str`, got `int`. Signature: plain("),
        (plain, (b"x",), {"loud": 1}, "loud=1 does not fit: Expected `bool`, got `int`"),
        (positions, (), {"a": 1}, "passed as"),
        (positions, (1,), {"b": 1}, "passed as"),
        (rest, (), {}, "rest: missing a required argument: 'a'"),
        (rest, (1, "two"), {}, "more=('two',) does not fit: Expected `int`, got `str` (at more[0])"),
        (rest, (1,), {"flags": True}, "rest: got an unexpected keyword argument 'flags'"),
        (everything, (1, 2), {"c": 3, "x": "y"}, "kwargs={'x': 'y'} does not fit: Expected `int`, got `str`"),
        (unpacked, (), {"size": "big"}, "extras={'size': 'big'} does not fit: Expected `int`"),
        (rich, (Address("Paris", "x"), []), {}, "does not fit: Expected `int`, got `str` (at address.zip)"),  # type: ignore[arg-type]
        (rich, (Address("Paris", 1), [{"name": "Ada"}]), {}, "users=[{'name': 'Ada'}] does not fit: 1 validation"),
        (small, (0,), {}, "count=0 does not fit: Expected `int` >= 1"),
        (anything, (object(),), {}, "cannot be stored as json: a value of type object cannot be encoded"),
        (anything, (1, {(1, 2): 3}), {}, "b={(1, 2): 3} cannot be stored as json"),
        (anything, ("\ud800",), {}, "a='\\ud800' cannot be stored as json: 'utf-8' codec can't encode"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_with_task_parameter_value_and_signature(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], told: str
) -> None:
    with pytest.raises(InvalidArguments) as refused:
        encode(function, *args, **kwargs)
    assert told in str(refused.value)
    assert f"Signature: {function.__name__}(" in str(refused.value)


def test_a_number_that_msgpack_cannot_hold_is_refused() -> None:
    with pytest.raises(InvalidArguments, match=r"a=1180\d* cannot be stored as msgpack"):
        schema_of(anything).encode(Codecs().get("msgpack"), (2**70,), {})


def test_an_object_that_contains_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(InvalidArguments, match=r"a=.* cannot be stored as json"):
        encode(anything, endless)


def test_a_long_value_is_cut_in_the_message() -> None:
    with pytest.raises(InvalidArguments) as refused:
        encode(plain, ["x" * 10_000])
    assert len(str(refused.value)) < VALUE_TEXT_MAX + 200


def test_a_value_whose_repr_raises_is_still_reported() -> None:
    with pytest.raises(InvalidArguments, match="<Sulking whose repr raised ZeroDivisionError>"):
        encode(anything, Sulking())


class Sulking:
    def __repr__(self) -> str:
        raise ZeroDivisionError


def test_a_hint_that_cannot_be_resolved_is_refused_with_the_parameter() -> None:
    with pytest.raises(UsageError, match="hidden: the type hint of parameter 'value', 'Fraction', cannot be resolved"):
        encode(hidden, 1)


def test_a_hint_that_cannot_be_checked_is_refused_with_the_parameter() -> None:
    with pytest.raises(UsageError, match="ambiguous: the type hint of parameter 'value' cannot be checked"):
        encode(ambiguous, [1])


def test_an_argument_this_code_does_not_know_is_not_dropped() -> None:
    with pytest.raises(ValueError, match="unknown field `urgent`"):
        schema_of(plain).decode(JSON, b'{"name":"Ada","urgent":true}')


def test_the_payload_is_a_copy() -> None:
    changing = [1]
    payload = encode(anything, changing)
    changing.append(2)
    assert payload == b'{"a":[1]}'


class Reversed:
    """A codec of a user's own."""

    name = "reversed"

    def encode(self, value: Any) -> bytes:
        assert isinstance(value, dict)
        return msgspec.json.encode(value)[::-1]

    def decode(self, data: bytes, kind: Any) -> Any:
        return msgspec.json.decode(data[::-1])


def test_a_codec_of_ones_own_sees_a_dictionary_and_gets_its_answers_checked() -> None:
    codec: Codec = Reversed()
    schema = schema_of(plain)
    payload = schema.encode(codec, ("Ada",), {})
    assert payload == b'}"adA":"eman"{'
    assert schema.decode(codec, payload) == (("Ada",), {})
    with pytest.raises(InvalidArguments, match="Expected `str`"):
        schema.encode(codec, (5,), {})
