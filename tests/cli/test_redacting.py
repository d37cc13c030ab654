"""What tasks redact is left out of every view, also without their code."""

import pytest

from headrace import Headrace, Never
from headrace.model.job import JobState
from tests.cli.support import Cli


@pytest.fixture
def job_id(app: Headrace, url: str) -> str:
    """A job that failed, and told its secrets on the way."""
    import asyncio

    maker = Headrace(url)

    @maker.task(name="login", retry=Never(), redact=["pin"])
    async def login(user: str, pin: str, password: str) -> None:
        from headrace import current_job

        current_job().log(f"{user} comes with {pin}")
        raise ValueError(f"no login for {user} with {password}, {pin}")

    async def run() -> str:
        async with maker, maker.worker():
            handle = await login.enqueue("ada", "1234567", password="hunter2")
            assert (await maker.settled(handle.id, 20)).state is JobState.DEAD
            return handle.id

    return asyncio.run(run())


@pytest.mark.parametrize(
    "words",
    [
        ["job", "get", "ID"],
        ["job", "get", "ID", "--json"],
        ["job", "list", "--json"],
        ["job", "list"],
        ["job", "explain", "ID"],
        ["job", "explain", "ID", "--json"],
        ["error", "list", "--json"],
        ["error", "get", "FINGERPRINT"],
        ["error", "get", "FINGERPRINT", "--json"],
    ],
)
def test_no_view_shows_what_is_redacted(cli: Cli, job_id: str, words: list[str]) -> None:
    fingerprint = cli.json("job", "get", job_id)["error"]["fingerprint"]
    shown = cli.ok(*[{"ID": job_id, "FINGERPRINT": fingerprint}.get(word, word) for word in words])
    assert "hunter2" not in shown
    assert "1234567" not in shown
    assert "no login for ada with [redacted], [redacted]" in shown


def test_who_may_see_it_asks_for_it(cli: Cli, job_id: str) -> None:
    job = cli.json("job", "get", job_id, "--reveal")
    assert job["args"] == {"user": "ada", "pin": "1234567", "password": "hunter2"}
    assert job["error"]["message"] == "no login for ada with hunter2, 1234567"
    [item] = cli.json("job", "list", "--reveal")["items"]
    assert item["error"]["message"] == "no login for ada with hunter2, 1234567"
    [group] = cli.json("error", "list", "--reveal")["items"]
    assert group["message"] == "no login for ada with hunter2, 1234567"
    assert "hunter2" in cli.json("error", "get", group["fingerprint"], "--reveal")["traceback"]


def test_without_rules_known_names_are_hidden_and_the_rest_is_shown(cli: Cli, app: Headrace) -> None:
    job_id = cli.ok("job", "enqueue", "unknown", "--args", '{"user": "ada", "api_key": "k-1"}').strip()
    assert cli.json("job", "get", job_id)["args"] == {"user": "ada", "api_key": "[redacted]"}
