"""The OpenAPI 3.1 document, made from the operations and the types of their requests and replies."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Sequence
from functools import cache
from http import HTTPStatus
from typing import Any

import msgspec

from headrace._version import __version__
from headrace.server.operation import JSON, Operation
from headrace.server.operations import all_operations
from headrace.wire.problems import MEDIA_TYPE, Problem
from headrace.wire.scopes import Scope

Document = dict[str, Any]

_REF = "#/components/schemas/{name}"

_ALWAYS = (401, 403, 503)
"""What every call may be refused with: who asks, what they may, and a store that does not answer."""

_OF_BODIES = (400, 408, 413, 415, 422)
_OF_QUERIES = (400, 422)

DESCRIPTION = """\
The jobs of an app, for programs in any language. Instants are RFC 3339 with a zone; lengths of time are text with a
unit in requests (`30s`, `1h30m`), and seconds in replies. A refusal is a problem (RFC 9457) that names the field, its
value and what to send instead; nothing was done then. Every answer carries `X-Request-Id`; one that is sent is kept,
and is the correlation id of the jobs that the request submits."""

_RESPONSE_HEADERS = {
    "location": "Where to read what was made.",
    "etag": "The version of the job, for If-Match.",
    "idempotency-replayed": "Present where the key was used before: this is the first answer's job.",
}


@cache
def openapi_json() -> bytes:
    """The document as it is served."""
    return msgspec.json.encode(openapi(all_operations()))


def openapi(operations: Sequence[Operation]) -> Document:
    """The document of these operations."""
    types = [each.request for each in operations]
    types += [each.reply for each in operations if each.media == JSON]
    _, components = msgspec.json.schema_components([*types, Problem], ref_template=_REF)
    schemas = _Schemas(components)
    paths: Document = {}
    for each in operations:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each, schemas)
    made = {
        "openapi": "3.1.0",
        "info": {
            "title": "headrace",
            "version": __version__,
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "./", "description": "Where this document was read."}],
        "tags": _tags(operations),
        "paths": paths,
        "components": {
            "schemas": {name: components[name] for name in sorted(components) if name not in schemas.parts},
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": f"The token of the server, or an API key. Scopes: {', '.join(Scope)}.",
                }
            },
        },
        "security": [{"token": []}, {}],
    }
    document: Document = _tidied(msgspec.json.decode(msgspec.json.encode(made)))
    return document


def _tidied(value: Any) -> Any:
    """Texts as Markdown, and without empty lists of what is required."""
    if isinstance(value, list):
        return [_tidied(each) for each in value]
    if not isinstance(value, dict):
        return value
    tidied = {name: _tidied(each) for name, each in value.items() if (name, each) != ("required", [])}
    if isinstance(text := tidied.get("description"), str):
        tidied["description"] = inspect.cleandoc(text).replace("``", "`")
    return tidied


class _Schemas:
    """The schemas of the types, with those of requests taken apart into parameters and bodies."""

    def __init__(self, components: Document) -> None:
        self._components = components
        self.parts: set[str] = set()

    def fields(self, kind: type[Any]) -> tuple[Document, Sequence[str]]:
        """The schemas of a request's fields by name, and the names of those that must be there."""
        schema = self._components[kind.__name__]
        return schema.get("properties", {}), schema.get("required", ())

    def body(self, operation: Operation) -> Document | None:
        """The schema of the body: the request without what stands in the path; None where nothing is left."""
        name = operation.request.__name__
        whole = self._components[name]
        left = {field: each for field, each in whole.get("properties", {}).items() if field not in operation.in_path}
        if not left:
            self.parts.add(name)
            return None
        if len(left) == len(whole["properties"]):
            return {"$ref": _REF.format(name=name)}
        self.parts.add(name)
        body: Document = copy.deepcopy(whole)
        body["properties"] = left
        body["required"] = [field for field in whole.get("required", ()) if field in left]
        return body


def _operation(operation: Operation, schemas: _Schemas) -> Document:
    made: Document = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": " ".join(filter(None, (operation.description, f"Needs the scope `{operation.scope}`."))),
        "tags": [operation.group],
        "parameters": _parameters(operation, schemas),
        "responses": _responses(operation),
        "x-headrace-scope": operation.scope.value,
    }
    if operation.in_body:
        body = schemas.body(operation)
        _, required = schemas.fields(operation.request)
        if body is not None:
            made["requestBody"] = {
                "required": bool(set(required) - set(operation.in_path)),
                "content": {JSON: {"schema": body}},
            }
    else:
        schemas.parts.add(operation.request.__name__)
    return made


def _parameters(operation: Operation, schemas: _Schemas) -> list[Document]:
    fields, required = schemas.fields(operation.request)
    found = [{"name": name, "in": "path", "required": True, "schema": fields[name]} for name in operation.in_path]
    if not operation.in_body:
        found += [
            {"name": name, "in": "query", "required": name in required, "schema": _not_null(schema)}
            for name, schema in fields.items()
            if name not in operation.in_path and name not in operation.headers
        ]
    found += [
        {"name": header, "in": "header", "required": False, "schema": _not_null(fields[name])}
        for name, header in operation.headers.items()
    ]
    return found


def _not_null(schema: Document) -> Document:
    """The schema of what stands in an address or a header, where there is no null; left out it is the default."""
    choices: list[Document] = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(choices) != 1:
        return schema
    return choices[0]


def _responses(operation: Operation) -> Document:
    content: Document = {"schema": {"type": "string"}}
    if operation.media == JSON:
        [schema], _ = msgspec.json.schema_components([operation.reply], ref_template=_REF)
        content = {"schema": schema}
    headers = {
        name: {"description": text, "schema": {"type": "string"}}
        for name, text in _RESPONSE_HEADERS.items()
        if _sends(operation, name)
    }
    made: Document = {}
    for status, text in operation.statuses.items():
        made[str(status)] = {"description": text, "content": {operation.media: content}}
        if headers:
            made[str(status)]["headers"] = headers
    problem = {MEDIA_TYPE: {"schema": {"$ref": _REF.format(name="Problem")}}}
    refusals = {*_ALWAYS, *operation.problems, *(_OF_BODIES if operation.in_body else _OF_QUERIES)}
    for status in sorted(refusals):
        made[str(status)] = {"description": HTTPStatus(status).phrase + ".", "content": problem}
    made["default"] = {"description": "Anything else that goes wrong.", "content": problem}
    return made


def _sends(operation: Operation, header: str) -> bool:
    if header == "idempotency-replayed":
        return "idempotency_key" in operation.headers
    if header == "etag":
        return operation.name == "jobs.get"
    return bool({201, 202} & set(operation.statuses)) and operation.method == "POST"


def _tags(operations: Sequence[Operation]) -> list[Document]:
    """The nouns, each with what the first line of its module says."""
    texts: dict[str, str] = {}
    for each in operations:
        module = inspect.getmodule(each.handler)
        texts.setdefault(each.group, (inspect.getdoc(module) or "").partition("\n")[0])
    return [{"name": name, "description": text} for name, text in texts.items()]
