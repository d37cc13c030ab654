"""Arguments in a form in which equal calls are equal bytes, whatever way they were written down."""

from __future__ import annotations

import inspect
from collections.abc import Collection
from functools import cached_property
from typing import Any

import msgspec

from headrace.errors import ConfigError
from headrace.model.payload import JsonCodec, decoder_of, encode_foreign
from headrace.tasks.schema import Arguments, ArgumentsSchema

_encode = msgspec.json.Encoder(enc_hook=encode_foreign, order="deterministic").encode
_json = JsonCodec()


class CanonicalArguments:
    """Names are sorted, defaults are filled in, and sets and mappings are put in order.

    >>> def charge(user_id: int, *, currency: str = "EUR") -> None: ...
    >>> canonical = CanonicalArguments(ArgumentsSchema("charge", charge))
    >>> canonical.encode(((7,), {}), None)
    b'{"currency":"EUR","user_id":7}'
    >>> canonical.encode(((), {"currency": "EUR", "user_id": 7}), ["user_id"])
    b'{"user_id":7}'
    """

    def __init__(self, schema: ArgumentsSchema) -> None:
        self._schema = schema

    def encode(self, arguments: Arguments, by: Collection[str] | None) -> bytes:
        """The arguments named in ``by`` (None: all). Raises ConfigError for a set whose members have no order."""
        args, kwargs = arguments
        given = self._schema.signature.bind(*args, **kwargs).arguments
        values = {**self._defaults, **given}
        try:
            return _encode({name: value for name, value in values.items() if by is None or name in by})
        except TypeError as error:
            message = f"unique: these arguments make no key: {error}. Give a key of your own, or name others in by"
            raise ConfigError(message) from None

    @cached_property
    def _defaults(self) -> dict[str, Any]:
        """What applies where a caller leaves an argument out, as it would be read had it been given.

        A default that cannot be stored, such as a sentinel, is left out: no caller can give it either.
        """
        defaults: dict[str, Any] = {}
        for parameter in self._schema.signature.parameters.values():
            if parameter.kind is parameter.VAR_POSITIONAL:
                defaults[parameter.name] = ()
            elif parameter.kind is parameter.VAR_KEYWORD:
                defaults[parameter.name] = {}
            elif parameter.default is not inspect.Parameter.empty and _storable(parameter.default):
                defaults[parameter.name] = self._as_read(parameter)
        return defaults

    def _as_read(self, parameter: inspect.Parameter) -> Any:
        try:
            return decoder_of(_json, self._schema.type_of(parameter))(_json.encode(parameter.default))
        except (TypeError, ValueError):
            return parameter.default  # not of the type it is annotated with, such as ``x: int = None``


def _storable(value: Any) -> bool:
    try:
        _encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError, NotImplementedError):
        return False
    return True
