"""How arguments and results become bytes and come back: codecs, and the set of them that an app knows.

JSON is the default: every language and every view can read it. A codec that can run code while it reads, such as
pickle, is not shipped and never becomes a default.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Protocol

import msgspec

from headrace.errors import ConfigError

CODEC_DEFAULT = "json"

DECODERS_MAX = 1_024
"""Decoders kept for each codec. One is made per task and per result type; a program has hundreds, not millions."""

Decode = Callable[[bytes], Any]


class Codec(Protocol):
    """Turns values into bytes and back. Must be pure and usable from any thread.

    ``encode`` is given what msgspec can hold: builtin types, dataclasses, Structs and the like. ``decode`` is told
    the type that is wanted; it may ignore it and answer builtin types, which are converted afterwards.
    """

    @property
    def name(self) -> str: ...
    def encode(self, value: Any) -> bytes: ...
    def decode(self, data: bytes, kind: Any) -> Any: ...


def encode_foreign(value: Any) -> Any:
    """What msgspec does not know. Pydantic's models are known by their shape, so that nothing is imported for them."""
    dump = getattr(value, "model_dump", None)
    if dump is None:
        message = f"a value of type {type(value).__qualname__} cannot be encoded; use builtin types, a dataclass, "
        raise TypeError(message + "a msgspec Struct, a TypedDict, a NamedTuple or a pydantic model")
    return dump(mode="json", by_alias=True, round_trip=True)


def _decode_foreign(kind: Any, value: Any) -> Any:
    validate = getattr(kind, "model_validate_json", None)
    if validate is not None:
        # By way of JSON, because a strict model takes a date or a UUID from a JSON string but from no other string.
        return validate(msgspec.json.encode(value))
    if isinstance(kind, type) and isinstance(value, kind):
        return value
    message = f"Expected `{getattr(kind, '__qualname__', kind)}`, which cannot be decoded"
    raise TypeError(message)


class JsonCodec:
    """JSON by msgspec: dates as ISO 8601, bytes as base64, Decimal and UUID as strings, sets as arrays.

    >>> from datetime import date
    >>> codec = JsonCodec()
    >>> codec.encode({"day": date(2025, 1, 31)})
    b'{"day":"2025-01-31"}'
    >>> codec.decode(b'"2025-01-31"', date)
    datetime.date(2025, 1, 31)
    """

    name = "json"

    def __init__(self) -> None:
        self.encode = msgspec.json.Encoder(enc_hook=encode_foreign).encode
        self.decoder = lru_cache(DECODERS_MAX)(self._make_decoder)

    def decode(self, data: bytes, kind: Any = Any) -> Any:
        return self.decoder(kind)(data)

    @staticmethod
    def _make_decoder(kind: Any) -> Decode:
        return msgspec.json.Decoder(kind, dec_hook=_decode_foreign).decode


class MsgpackCodec:
    """MessagePack by msgspec: smaller than JSON and quicker, and bytes stay bytes; views show it decoded.

    >>> codec = MsgpackCodec()
    >>> codec.decode(codec.encode([1, b"two"]), list[int | bytes])
    [1, b'two']
    """

    name = "msgpack"

    def __init__(self) -> None:
        self.encode = msgspec.msgpack.Encoder(enc_hook=encode_foreign).encode
        self.decoder = lru_cache(DECODERS_MAX)(self._make_decoder)

    def decode(self, data: bytes, kind: Any = Any) -> Any:
        return self.decoder(kind)(data)

    @staticmethod
    def _make_decoder(kind: Any) -> Decode:
        return msgspec.msgpack.Decoder(kind, dec_hook=_decode_foreign).decode


def decoder_of(codec: Codec, kind: Any) -> Decode:
    """The quickest function that reads ``kind`` from ``codec``'s bytes, and raises ValueError where it does not fit.

    >>> decoder_of(JsonCodec(), int)(b"5")
    5
    """
    if isinstance(codec, JsonCodec | MsgpackCodec):
        return codec.decoder(kind)

    def decode(data: bytes) -> Any:
        return msgspec.convert(codec.decode(data, kind), kind, dec_hook=_decode_foreign)

    return decode


class Codecs:
    """The codecs of one app, by name: the built-in ones and those it was given.

    >>> Codecs().get("jsno")
    Traceback (most recent call last):
    headrace.errors.ConfigError: codec 'jsno' is not known; did you mean 'json'? Known: json, msgpack. ...
    """

    def __init__(self, more: Iterable[Codec] = ()) -> None:
        self._by_name: dict[str, Codec] = {"json": JsonCodec(), "msgpack": MsgpackCodec()}
        for codec in more:
            if codec.name in self._by_name:
                message = f"there is a codec named {codec.name!r} already; give yours another name"
                raise ConfigError(message)
            self._by_name[codec.name] = codec

    def get(self, name: str) -> Codec:
        """The codec of that name. Raises ConfigError that lists the known ones."""
        codec = self._by_name.get(name)
        if codec is not None:
            return codec
        near = get_close_matches(str(name), self._by_name, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        message = (
            f"codec {name!r} is not known{hint} Known: {', '.join(sorted(self._by_name))}. "
            "Hand your own to the app: Headrace(..., codecs=[MyCodec()])"
        )
        raise ConfigError(message)
