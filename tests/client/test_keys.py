"""API keys through the client: made, looked at and taken back by who may do everything."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from headrace import Headrace
from headrace.client import AsyncClient
from headrace.config.server import ServerSettings
from headrace.errors import AccessDenied, ConfigError, UnknownKey, UsageError
from headrace.server import create_app

TOKEN = "the-token-of-this-server"
HOUR = timedelta(hours=1)


@pytest.fixture
async def transport() -> AsyncIterator[httpx2.AsyncBaseTransport]:
    app = Headrace("memory://")
    async with app:
        yield httpx2.ASGITransport(create_app(app, ServerSettings(token=TOKEN)))


def caller(transport: httpx2.AsyncBaseTransport, token: str) -> AsyncClient:
    return AsyncClient("http://headrace.test", token=token, transport=transport)


async def test_a_key_is_made_used_and_taken_back(transport: httpx2.AsyncBaseTransport) -> None:
    async with caller(transport, TOKEN) as admin:
        key, token = (made := await admin.keys.create("shop", scopes=["read"], expires_in=HOUR)).key, made.token
        assert (key.name, key.queues, key.created_by) == ("shop", None, "token")
        assert key.expires_at is not None
        assert key.expires_at > datetime.now(UTC)
        async with caller(transport, token) as shop:
            assert await shop.queues() == []
            with pytest.raises(AccessDenied, match="needs the scope admin"):
                await shop.keys.list()
        assert [each.id for each in await admin.keys.list()] == [key.id]
        assert (await admin.keys.get("shop")).last_used_at is not None
        assert (await admin.keys.revoke(key.id)).revoked_by == "token"
        assert (await admin.keys.revoke(key.id)).revoked_at is not None


async def test_mistakes_are_the_exceptions_of_the_library(transport: httpx2.AsyncBaseTransport) -> None:
    async with caller(transport, TOKEN) as admin:
        await admin.keys.create("shop", scopes=["submit"], queues=["mail.*"])
        with pytest.raises(UsageError, match="'shop' already"):
            await admin.keys.create("shop", scopes=["submit"])
        with pytest.raises(ConfigError, match="did you mean 'submit'"):
            await admin.keys.create("other", scopes=["sumbit"])
        with pytest.raises(ConfigError, match="in a list"):
            await admin.keys.create("other", scopes="submit")
        with pytest.raises(UnknownKey, match="'shop'"):
            await admin.keys.get("shopp")


async def test_who_is_for_some_queues_makes_no_keys_for_others(transport: httpx2.AsyncBaseTransport) -> None:
    async with caller(transport, TOKEN) as admin:
        token = (await admin.keys.create("mail", scopes=["admin"], queues=["mail.*"])).token
    async with caller(transport, token) as some:
        with pytest.raises(AccessDenied):
            await some.keys.create("more", scopes=["admin"])
        with pytest.raises(AccessDenied):
            await some.keys.list()
