"""The pages for people: the OpenAPI document, and Swagger UI from the package, with nothing from another host."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import msgspec
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from headrace.server.http import respond
from headrace.server.openapi import openapi_json
from headrace.server.openapi30 import as_30
from headrace.server.routing import ByMethod

_PAGE = b"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>headrace</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="docs/static/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/static/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""

_START = b"""window.ui = SwaggerUIBundle({
  url: "docs/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  validatorUrl: null,
});
"""

_SAFELY = {
    "content-security-policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
}


def document_route() -> Route:
    """``/openapi.json``."""

    async def document(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, 200, openapi_json(), "application/json")

    return Route("/openapi.json", ByMethod({"GET": document}), name="openapi")


def docs_routes() -> list[BaseRoute]:
    """``/docs`` and what it loads."""

    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, 200, _PAGE, "text/html; charset=utf-8", _SAFELY)

    async def start(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, 200, _START, "text/javascript; charset=utf-8", _SAFELY)

    async def document(scope: Scope, receive: Receive, send: Send) -> None:
        older = msgspec.json.encode(as_30(msgspec.json.decode(openapi_json())))
        await respond(send, 200, older, "application/json", _SAFELY)

    return [
        Route("/docs", ByMethod({"GET": page}), name="docs"),
        Route("/docs/start.js", ByMethod({"GET": start}), name="docs start"),
        Route("/docs/openapi.json", ByMethod({"GET": document}), name="docs document"),
        Mount("/docs/static", StaticFiles(directory=_swagger_ui()), name="docs static"),
    ]


def _swagger_ui() -> Path:
    """The folder of the package's files, whichever version it holds."""
    [folder] = (Path(str(resources.files("swagger_ui_bundle"))) / "vendor").glob("swagger-ui-*")
    return folder
