"""Clients of earlier releases are understood by the server of today, and the client of today by itself."""

from __future__ import annotations

import copy
import json

import pytest

from tests.wire.traffic import HERE, record, replay

RELEASES = sorted(HERE.glob("http-*.json"))


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
async def test_what_clients_of_a_release_say_is_answered_so_that_they_can_read_it(release: object) -> None:
    assert await replay(json.loads(release.read_text("utf-8"))) == []  # type: ignore[attr-defined]


async def test_what_is_recorded_today_is_answered_alike_tomorrow() -> None:
    exchanges = await record()
    assert len(exchanges) > 35
    assert await replay(exchanges) == []


async def test_an_answer_that_lacks_something_is_noticed() -> None:
    exchanges = json.loads(RELEASES[0].read_text("utf-8"))
    wanting = copy.deepcopy(exchanges)
    wanting[0]["answer"]["receipt"] = "r-1"
    wanting[1]["status"] = 202
    assert len(await replay(wanting)) == 2


def test_the_docs_tell_of_every_release_that_is_said_again() -> None:
    table = (HERE.parents[1] / "docs" / "explanation" / "compatibility.md").read_text("utf-8")
    for path in RELEASES:
        assert f"| {path.stem.removeprefix('http-').rpartition('.')[0]} | everything |" in table
