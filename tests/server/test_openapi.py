"""The document that programs and people read: valid, complete, and current where it is checked in."""

from __future__ import annotations

import json

import httpx2
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from headrace.server.openapi import openapi, openapi_json
from headrace.server.openapi30 import as_30
from headrace.server.operations import all_operations

DOCUMENT = openapi(all_operations())


def test_the_document_is_valid() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_so_is_the_older_one_that_swagger_ui_reads() -> None:
    OpenAPIV30SpecValidator(as_30(json.loads(openapi_json()))).validate()


def test_every_operation_has_a_name_of_its_own_and_says_what_it_does() -> None:
    operations = all_operations()
    assert len({each.name for each in operations}) == len(operations)
    assert len({(each.method, each.path) for each in operations}) == len(operations)
    assert [each.name for each in operations if not each.summary] == []


def test_every_component_is_used() -> None:
    text = openapi_json().decode()
    unused = [name for name in DOCUMENT["components"]["schemas"] if f'"#/components/schemas/{name}"' not in text]
    assert unused == []


async def test_it_is_served_with_a_page_for_people(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/openapi.json")).json()["openapi"] == "3.1.0"
    page = await client.get("/docs")
    assert "swagger-ui-bundle.js" in page.text
    for part in ("docs/static/swagger-ui-bundle.js", "docs/static/swagger-ui.css", "docs/start.js"):
        assert part in page.text
        assert (await client.get(f"/{part}")).status_code == 200
    assert "http" not in page.text.replace("http-equiv", "")
    assert (await client.get("/docs/openapi.json")).json()["openapi"] == "3.0.3"
