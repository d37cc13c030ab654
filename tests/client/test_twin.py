"""The blocking client is the asynchronous one without its words."""

from __future__ import annotations

import pytest

from tests.client.unasync import CLIENT, blocking, names


@pytest.mark.parametrize("name", names())
def test_the_blocking_client_is_current(name: str) -> None:
    found = (CLIENT / "blocking" / name).read_text("utf-8")
    assert found == blocking(name), "run python -m tests.client.unasync"
