"""The arguments of a task: from a function's signature to an encoder and a decoder that check what they handle.

Arguments are stored by name, as one object, so that any language and any view can read them. What the caller left
out is left out of the object too: the default that applies is the one of the code that runs the job.

==============================  ==========================
call of ``f(a, b=1, *c, **d)``  stored
==============================  ==========================
``f(1)``                        ``{"a":1}``
``f(1, 2, 3, x=4)``             ``{"a":1,"b":2,"c":[3],"d":{"x":4}}``
==============================  ==========================
"""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, NoReturn

import msgspec
from msgspec import UNSET, Struct, UnsetType

from headrace.engine.inject import Injected, is_marked, kind_of
from headrace.errors import InvalidArguments, UsageError
from headrace.model.payload import Codec, Decode, JsonCodec, MsgpackCodec, decoder_of
from headrace.model.redaction import REDACTED, RETURN, is_always_hidden
from headrace.tasks.batches import answer_of, check_batch, item_of
from headrace.tasks.describe import json_schema, secret_paths

VALUE_TEXT_MAX = 120
"""Characters of a wrong value shown in an error: enough to recognise it, and no payload spilled into a log."""

_PATH = re.compile(r" - at `\$\.(\w+)([^`]*)`$")

Arguments = tuple[tuple[Any, ...], dict[str, Any]]


class _Form(NamedTuple):
    """How one codec writes and reads the arguments."""

    make: Callable[..., Any]
    encode: Callable[[Any], bytes]
    decode: Decode


class ArgumentsSchema:
    """Encodes, checks and decodes the arguments of one function. Built at the first use and then only read.

    >>> def greet(name: str, *, loud: bool = False) -> str: ...
    >>> schema, json = ArgumentsSchema("greet", greet), JsonCodec()
    >>> schema.encode(json, ("Ada",), {"loud": True})
    b'{"name":"Ada","loud":true}'
    >>> schema.decode(json, b'{"name":"Ada"}')
    (('Ada',), {})
    >>> schema.encode(json, (5,), {})
    Traceback (most recent call last):
    headrace.errors.InvalidArguments: greet: name=5 does not fit: Expected `str`, got `int`. ...
    """

    def __init__(
        self, task: str, function: Callable[..., Any], *, batch: bool = False, redact: Sequence[str] = ()
    ) -> None:
        self._task = task
        self._redact = tuple(redact)
        self._function = function
        self._batch = batch
        self._forms: dict[str, _Form] = {}

    @cached_property
    def signature(self) -> inspect.Signature:
        """The function's signature, as it was written, without the parameters that a worker fills in."""
        whole = self._whole
        return whole.replace(parameters=[each for each in whole.parameters.values() if each.name not in self.needs])

    @cached_property
    def needs(self) -> Mapping[str, Any]:
        """The types of the parameters that a worker fills in, by name. Raises UsageError for one that it cannot."""
        needs: dict[str, Any] = {}
        parameters = self._whole.parameters.values()
        for parameter in parameters:
            try:
                hint = self._hint(parameter.name, parameter.annotation)
            except UsageError:
                # Said when the arguments are first encoded. Only a mark in the default is told without the hint.
                if isinstance(parameter.default, Injected):
                    raise
                continue
            if is_marked(parameter, hint):
                self._check_injected(parameter, kind_of(hint))
                needs[parameter.name] = kind_of(hint)
        return needs

    @cached_property
    def _whole(self) -> inspect.Signature:
        return inspect.signature(self._function)

    @cached_property
    def result_type(self) -> Any:
        """What the function says it returns; Any where it does not say. For a batch, what it answers to one item."""
        hint = self._hint("return", self.signature.return_annotation)
        return answer_of(hint) if self._batch else hint

    def encode(self, codec: Codec, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bytes:
        """The stored form of a call. Raises InvalidArguments that names the parameter, its value and what fits."""
        form = self._forms.get(codec.name) or self._prepare(codec)
        try:
            payload = form.encode(form.make(*args, **kwargs))
            form.decode(payload)
        except (TypeError, ValueError, OverflowError, RecursionError, NotImplementedError) as error:
            self._refuse(error, codec, args, kwargs)
        return payload

    def decode(self, codec: Codec, payload: bytes) -> Arguments:
        """The call, from its stored form. Raises what the codec raises when it does not fit this code's signature."""
        form = self._forms.get(codec.name) or self._prepare(codec)
        return self._spread(form.decode(payload))

    def read_result(self, codec: Codec, data: bytes) -> Any:
        """A stored result, in the type the function says it returns. Raises what the codec raises."""
        return decoder_of(codec, self.result_type)(data)

    @cached_property
    def rules(self) -> tuple[str, ...]:
        """What views must not show, see :mod:`headrace.model.redaction`: what was asked for and what is marked."""
        marked: list[str] = []
        for parameter in self.signature.parameters.values():
            try:
                marked += secret_paths(self._hint(parameter.name, parameter.annotation), parameter.name)
                marked += secret_paths(self._hint(RETURN, self.signature.return_annotation), RETURN)
            except UsageError:
                continue  # Said where the arguments are encoded.
        return tuple(dict.fromkeys((*self._redact, *marked)))

    def json_schemas(self) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """The JSON Schemas of the stored arguments and of the result."""
        return json_schema(self._record), json_schema(self.result_type)

    def show(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
        """Arguments as they would be written in a call, without what must not be shown."""
        names = [*self._layout.positional, *[self._layout.rest or ""] * len(args)]
        texts = [self._show(name, value) for name, value in zip(names, args, strict=False)]
        return ", ".join([*texts, *(f"{name}={self._show(name, value)}" for name, value in kwargs.items())])

    def _show(self, name: str, value: Any) -> str:
        if name in self.rules or is_always_hidden(name):
            return REDACTED
        if any(rule.startswith((f"{name}.", "*.")) for rule in self.rules):
            return f"<{type(value).__qualname__}>"
        return _show(value)

    def describe(self) -> str:
        """The signature as it is written in the source, for messages."""
        signature = self.signature
        parameters = [each.replace(annotation=_as_written(each.annotation)) for each in signature.parameters.values()]
        answer = _as_written(signature.return_annotation)
        return str(signature.replace(parameters=parameters, return_annotation=answer))

    def _check_injected(self, parameter: inspect.Parameter, kind: Any) -> None:
        spread = any(each.kind is each.VAR_POSITIONAL for each in self._whole.parameters.values())
        if parameter.kind is not parameter.KEYWORD_ONLY and (spread or parameter.kind is parameter.POSITIONAL_ONLY):
            message = f"{self._task}: parameter {parameter.name!r} is filled in by name, so it must stand after a *"
            raise UsageError(message)
        if kind is Any or kind is inspect.Parameter.empty:
            message = f"{self._task}: parameter {parameter.name!r} has no type by which it could be filled in"
            raise UsageError(message)

    # -- building ----------------------------------------------------------------------------------------------

    @cached_property
    def _layout(self) -> _Layout:
        return _Layout.of(self.signature)

    @cached_property
    def _by_position(self) -> int:
        """How many arguments are handed over by position: all that stand before a parameter that is filled in."""
        if not self.needs:
            return len(self._layout.positional)
        count = 0
        for name in self._whole.parameters:
            if name not in self._layout.positional:
                break
            count += 1
        return count

    @cached_property
    def _always_whole(self) -> bool:
        """Whether every call gives every argument, by position."""
        parameters = self.signature.parameters.values()
        by_position = self._layout.simple and self._by_position == len(parameters)
        return by_position and not any(map(_may_be_absent, parameters))

    @cached_property
    def _record(self) -> type[Struct]:
        if self._batch:
            check_batch(self._task, self.signature)
        positional: list[Any] = []
        keyword: list[Any] = []
        for parameter in self.signature.parameters.values():
            hint = self.type_of(parameter)
            field: tuple[Any, ...] = (parameter.name, hint)
            if _may_be_absent(parameter):
                field = (parameter.name, typing.Union[hint, UnsetType], UNSET)  # noqa: UP007 - hint is a value here
            (positional if parameter.name in self._layout.positional else keyword).append(field)
        # A payload with an argument this code does not know must not run without it. The job is then dead, with its
        # payload kept, until someone deploys the code that knows it and retries the job.
        base = msgspec.defstruct("Arguments", positional, forbid_unknown_fields=True)
        return msgspec.defstruct("Arguments", keyword, bases=(base,), kw_only=True) if keyword else base

    def type_of(self, parameter: inspect.Parameter) -> Any:
        """The type that a parameter is stored as. Raises UsageError for a hint that cannot be checked."""
        hint = self._hint(parameter.name, parameter.annotation)
        if self._batch:
            hint = item_of(self._task, parameter, hint)
        elif parameter.kind is parameter.VAR_POSITIONAL:
            hint = list[hint]  # type: ignore[valid-type]
        elif parameter.kind is parameter.VAR_KEYWORD:
            unpacked = typing.get_origin(hint) is typing.Unpack
            hint = typing.get_args(hint)[0] if unpacked else dict[str, hint]  # type: ignore[valid-type]
        try:
            msgspec.json.Decoder(hint)
        except TypeError as error:
            message = (
                f"{self._task}: the type hint of parameter {parameter.name!r} cannot be checked: {error}. "
                "Use another type, or Any to pass it unchecked"
            )
            raise UsageError(message) from None
        return hint

    def _hint(self, name: str, annotation: Any) -> Any:
        if annotation is inspect.Parameter.empty:
            return Any
        holder = _Holder(name, annotation, inspect.unwrap(self._function))
        try:
            return typing.get_type_hints(holder, include_extras=True)[name]
        except (NameError, AttributeError, SyntaxError, TypeError) as error:
            what = "the return type" if name == "return" else f"the type hint of parameter {name!r}"
            message = (
                f"{self._task}: {what}, {annotation!r}, cannot be resolved: {error}. Define or import the type at the "
                "top of the module, not inside a function or under TYPE_CHECKING"
            )
            raise UsageError(message) from None

    def _prepare(self, codec: Codec) -> _Form:
        make: Callable[..., Any] = self._record
        layout = self._layout
        if layout.rest or layout.more:
            make = self._gather
        elif layout.positional_only:
            make = self._guard
        encode = codec.encode if isinstance(codec, JsonCodec | MsgpackCodec) else _plainly(codec)
        form = self._forms[codec.name] = _Form(make, encode, decoder_of(codec, self._record))
        return form

    # -- binding -----------------------------------------------------------------------------------------------

    def _guard(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs and not self._layout.positional_only.isdisjoint(kwargs):
            raise TypeError
        return self._record(*args, **kwargs)

    def _gather(self, *args: Any, **kwargs: Any) -> Any:
        layout = self._layout
        count = len(layout.positional)
        known = {name: kwargs.pop(name) for name in layout.keywords if name in kwargs}
        if len(args) > count:
            if layout.rest is None:
                raise TypeError
            known[layout.rest] = list(args[count:])
        if kwargs:
            if layout.more is None:
                raise TypeError
            known[layout.more] = kwargs
        return self._record(*args[:count], **known)

    def _spread(self, record: Any) -> Arguments:
        values = msgspec.structs.astuple(record)
        if self._always_whole:
            return values, {}
        layout = self._layout
        args: list[Any] = []
        for value in values[: self._by_position]:
            if value is UNSET:
                break
            args.append(value)
        kwargs = {
            name: value
            for name, value in zip(record.__struct_fields__[len(args) :], values[len(args) :], strict=True)
            if value is not UNSET
        }
        if layout.rest in kwargs:
            args.extend(kwargs.pop(layout.rest))
        if layout.more in kwargs:
            kwargs.update(kwargs.pop(layout.more))
        return tuple(args), kwargs

    # -- explaining --------------------------------------------------------------------------------------------

    def _refuse(self, error: Exception, codec: Codec, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> NoReturn:
        tail = f"Signature: {self._task}{self.describe()}"
        try:
            bound = self.signature.bind(*args, **kwargs).arguments
        except TypeError as misfit:
            message = f"{self._task}: {misfit}. {tail}"
            raise InvalidArguments(message) from None
        found = _PATH.search(str(error))
        if found:
            name, path = found.groups()
            what, why = f"{name}={self._show(name, bound.get(name))}", str(error)[: found.start()]
            where = f" (at {name}{path})" if path else ""
            message = f"{self._task}: {what} does not fit: {why}{where}. {tail}"
            raise InvalidArguments(message) from error
        for name, value in bound.items():
            try:
                codec.encode(value)
            except Exception as reason:
                message = (
                    f"{self._task}: {name}={self._show(name, value)} cannot be stored as {codec.name}: {reason}. {tail}"
                )
                raise InvalidArguments(message) from error
        message = f"{self._task}: the arguments cannot be stored as {codec.name}: {error}. {tail}"
        raise InvalidArguments(message) from error


class _Layout(NamedTuple):
    """Which parameter is given how."""

    positional: tuple[str, ...]
    positional_only: frozenset[str]
    keywords: frozenset[str]
    rest: str | None
    more: str | None
    simple: bool

    @classmethod
    def of(cls, signature: inspect.Signature) -> _Layout:
        by_kind: dict[Any, list[str]] = {}
        for parameter in signature.parameters.values():
            by_kind.setdefault(parameter.kind, []).append(parameter.name)
        kinds = inspect.Parameter
        only, either = by_kind.get(kinds.POSITIONAL_ONLY, []), by_kind.get(kinds.POSITIONAL_OR_KEYWORD, [])
        named = by_kind.get(kinds.KEYWORD_ONLY, [])
        rest, more = by_kind.get(kinds.VAR_POSITIONAL, [None]), by_kind.get(kinds.VAR_KEYWORD, [None])
        return cls(
            positional=(*only, *either),
            positional_only=frozenset(only),
            keywords=frozenset([*either, *named]),
            rest=rest[0],
            more=more[0],
            simple=not named and rest[0] is None and more[0] is None,
        )


class _Holder:
    """One annotation dressed as a function, so that each parameter's hint is resolved, or refused, by itself."""

    def __init__(self, name: str, annotation: Any, function: Any) -> None:
        self.__annotations__ = {name: annotation}
        self.__globals__ = getattr(function, "__globals__", {})


class _Verbatim:
    """A text whose repr has no quotes: annotations that were postponed are texts."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def _as_written(annotation: Any) -> Any:
    return _Verbatim(annotation) if isinstance(annotation, str) else annotation


def _may_be_absent(parameter: inspect.Parameter) -> bool:
    spread = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    return spread or parameter.default is not parameter.empty


def _plainly(codec: Codec) -> Callable[[Any], bytes]:
    """A foreign codec is given a plain dictionary: it need not know how records are made."""

    def encode(record: Any) -> bytes:
        fields = record.__struct_fields__
        return codec.encode({name: value for name in fields if (value := getattr(record, name)) is not UNSET})

    return encode


def _show(value: Any) -> str:
    try:
        text = repr(value)
    except Exception as error:
        text = f"<{type(value).__qualname__} whose repr raised {type(error).__name__}>"
    return text if len(text) <= VALUE_TEXT_MAX else f"{text[:VALUE_TEXT_MAX]}..."
