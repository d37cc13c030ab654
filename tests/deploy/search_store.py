"""A stand-in for OpenSearch, of as much of its protocol as a shipper of logs uses; what it cannot take, it refuses."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

Document = dict[str, Any]


class SearchStore:
    """``with SearchStore(template) as store:`` takes documents at ``store.port``.

    It checks a bulk request as the real one does: lines of JSON in pairs, a known action, and values that fit the types
    of the index template. ``wait_for`` waits for so many documents.
    """

    def __init__(self, template: Document) -> None:
        self._types = {name: each["type"] for name, each in template["template"]["mappings"]["properties"].items()}
        self._arrived = threading.Condition()
        self.documents: list[tuple[str, Document]] = []
        self.refused: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def port(self) -> int:
        """Where it listens, on loopback."""
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait_for(self, count: int, *, timeout_s: float) -> None:
        """Return when so many documents are here. Raises AssertionError when they do not come."""
        with self._arrived:
            came = self._arrived.wait_for(lambda: len(self.documents) >= count or self.refused, timeout_s)
        assert came, f"{len(self.documents)} of {count} documents came"

    def search(self, field: str, value: str) -> list[Document]:
        """The documents with this value in a field, such as ``fields.job_id``."""
        return [document for _, document in self.documents if _at(document, field) == value]

    def _bulk(self, body: bytes) -> Document:
        lines = body.decode().split("\n")
        assert lines.pop() == "", "a bulk request ends with a newline"
        items = [self._index(action, document) for action, document in zip(lines[::2], lines[1::2], strict=True)]
        with self._arrived:
            self._arrived.notify_all()
        return {"took": 1, "errors": any(item["index"]["status"] >= 300 for item in items), "items": items}

    def _index(self, action: str, line: str) -> Document:
        [(verb, where)] = json.loads(action).items()
        document = _parsed(line)
        misfits = [name for name, value in document.items() if not _fits(value, self._types.get(name, ""))]
        if verb != "index" or misfits:
            self.refused.append(f"{misfits} of {line[:200]}")
            return {"index": {"status": 400, "error": {"type": "mapper_parsing_exception"}}}
        self.documents.append((where["_index"], document))
        return {"index": {"_index": where["_index"], "status": 201, "result": "created"}}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        store = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer({"status": "green"})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self._answer(store._bulk(body) if self.path.startswith("/_bulk") else {})

            def _answer(self, document: Document) -> None:
                body = json.dumps(document).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler


def _parsed(line: str) -> Document:
    try:
        found: Document = json.loads(line)
    except ValueError:
        return {"no JSON": None}
    return found


def _fits(value: object, kind: str) -> bool:
    if kind == "flat_object":
        return isinstance(value, dict)
    return kind in ("date", "keyword", "text") and isinstance(value, str)


def _at(document: Document, field: str) -> object:
    found: object = document
    for part in field.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found
