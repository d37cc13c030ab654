"""API keys: make them, look at them, and take them back."""

from __future__ import annotations

from datetime import datetime

from headrace.app.keys import ApiKey
from headrace.server.context import Context
from headrace.server.operation import Answer, operation
from headrace.server.operations.bulk import check_whole
from headrace.wire.base import Listed, duration
from headrace.wire.keys import CreateKey, KeyNamed, KeyView, NewKey
from headrace.wire.queues import Nothing
from headrace.wire.scopes import Scope


@operation(
    "POST",
    "/v1/keys",
    scope=Scope.ADMIN,
    statuses={201: "The key is stored; every server knows it within seconds."},
    problems=(422,),
    answer=lambda reply: Answer(201, {"location": f"/v1/keys/{reply.key.id}"}),
)
async def create(context: Context, request: CreateKey) -> NewKey:
    """Make a key for a program or a person.

    Its token is in this answer and in no other. From the first key on, a server on loopback asks everybody for one.
    """
    check_whole(context)
    made = await context.app.keys.create(
        request.name,
        scopes=request.scopes,
        queues=request.queues,
        expires_in=duration("expires_in", request.expires_in),
        author=context.principal.name,
    )
    return NewKey(key=_view(made.key, None), token=made.token)


@operation("GET", "/v1/keys", scope=Scope.ADMIN)
async def find(context: Context, request: Nothing) -> Listed[KeyView]:
    """Every key, the newest first; revoked ones for 30 days more."""
    check_whole(context)
    used = await context.app.keys.last_used()
    return Listed(items=[_view(key, used.get(key.id)) for key in await context.app.keys.list()])


@operation("GET", "/v1/keys/{key}", scope=Scope.ADMIN, problems=(404,))
async def get(context: Context, request: KeyNamed) -> KeyView:
    """One key; of several of a name the one in use, or the newest."""
    check_whole(context)
    return await _shown(context, await context.app.keys.get(request.key))


@operation("DELETE", "/v1/keys/{key}", scope=Scope.ADMIN, problems=(404,))
async def revoke(context: Context, request: KeyNamed) -> KeyView:
    """Take a key back: within five seconds no server takes it. Doing it again changes nothing."""
    check_whole(context)
    return await _shown(context, await context.app.keys.revoke(request.key, author=context.principal.name))


async def _shown(context: Context, key: ApiKey) -> KeyView:
    return _view(key, (await context.app.keys.last_used()).get(key.id))


def _view(key: ApiKey, used_at: datetime | None) -> KeyView:
    return KeyView(
        id=key.id,
        name=key.name,
        scopes=tuple(sorted(key.scopes)),
        queues=key.queues,
        created_at=key.created_at,
        created_by=key.created_by,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        revoked_by=key.revoked_by,
        last_used_at=used_at,
    )
