"""A client of the HTTP service: the names of the library, over a network.

:class:`Client` blocks, :class:`AsyncClient` is for an event loop; both say and hear the same. They need no store and no
code of the tasks, only the address of a server and, where it asks for one, a token.
Needs the extra ``client``: ``pip install 'headrace[client]'``.
"""

from headrace.errors import MissingExtra

try:
    import httpx2 as _  # noqa: F401
except ImportError:  # pragma: no cover  (tested in a process of its own)
    raise MissingExtra("httpx2", "client") from None

from headrace.client.aio.client import AsyncClient
from headrace.client.aio.handle import AsyncRemoteJob
from headrace.client.blocking.client import Client
from headrace.client.blocking.handle import RemoteJob
from headrace.client.core.task_call import TaskCall, call

__all__ = ["AsyncClient", "AsyncRemoteJob", "Client", "RemoteJob", "TaskCall", "call"]
