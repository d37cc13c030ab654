"""The HTTP service: the operations of an app for programs in any language.

``headrace server app:app`` serves it; :func:`create_app` makes an ASGI application of it, to be mounted in another.
Needs the extra ``server``: ``pip install 'headrace[server]'``.
"""

from headrace.errors import MissingExtra

try:
    import starlette as _  # noqa: F401
except ImportError:  # pragma: no cover  (tested in a process of its own)
    raise MissingExtra("starlette", "server") from None

from headrace.config.server import ServerSettings
from headrace.server.auth import Authenticator, Principal
from headrace.server.service import Service, create_app

__all__ = ["Authenticator", "Principal", "ServerSettings", "Service", "create_app"]
