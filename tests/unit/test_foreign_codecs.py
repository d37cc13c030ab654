"""Formats of others fit: the same task goes round by JSON, MessagePack, Protocol Buffers and Avro."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import fastavro
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.wrappers_pb2 import StringValue

from headrace import Headrace
from headrace.errors import ConfigError


class Protobuf:
    """Arguments as a message with a field for each, results as a ``StringValue``."""

    name = "protobuf"

    def __init__(self) -> None:
        file = FileDescriptorProto(name="ship.proto", package="tests", syntax="proto3")
        ship = file.message_type.add(name="Ship")
        ship.field.add(name="order", number=1, type=FieldDescriptorProto.TYPE_INT64)
        ship.field.add(name="city", number=2, type=FieldDescriptorProto.TYPE_STRING)
        pool = DescriptorPool()
        pool.Add(file)
        self._ship = GetMessageClass(pool.FindMessageTypeByName("tests.Ship"))

    def encode(self, value: Any) -> bytes:
        box = AnyMessage()
        box.Pack(self._ship(**value) if isinstance(value, dict) else StringValue(value=value))
        return box.SerializeToString()

    def decode(self, data: bytes, kind: Any) -> Any:
        box, ship, text = AnyMessage.FromString(data), self._ship(), StringValue()
        if box.Unpack(text):
            return text.value
        assert box.Unpack(ship)
        return {field.name: getattr(ship, field.name) for field in ship.DESCRIPTOR.fields}


class Avro:
    """Arguments as a record, results as a text."""

    name = "avro"

    def __init__(self) -> None:
        fields = [{"name": "order", "type": "long"}, {"name": "city", "type": "string"}]
        self._schema = fastavro.parse_schema([{"type": "record", "name": "Ship", "fields": fields}, "string"])

    def encode(self, value: Any) -> bytes:
        file = BytesIO()
        fastavro.schemaless_writer(file, self._schema, value)
        return file.getvalue()

    def decode(self, data: bytes, kind: Any) -> Any:
        return fastavro.schemaless_reader(BytesIO(data), self._schema, None)


@pytest.mark.parametrize("codec", ["json", "msgpack", "protobuf", "avro"])
async def test_the_same_task_goes_round(codec: str) -> None:
    app = Headrace("memory://", codecs=[Protobuf(), Avro()])

    @app.task(name="ship", codec=codec)
    async def ship(order: int, city: str) -> str:
        assert type(order) is int
        return f"{order} to {city}"

    async with app, app.worker():
        job = await ship.enqueue(7, "Tromsø")
        assert await job.result(timeout=30) == "7 to Tromsø"
        stored = await job.get()
    assert (stored.codec, stored.result_codec) == (codec, codec)


async def test_a_codec_that_nobody_brought_is_refused() -> None:
    app = Headrace("memory://", codecs=[Avro()])
    with pytest.raises(ConfigError, match="avro"):

        @app.task(name="ship", codec="arvo")
        async def ship(order: int) -> None: ...
