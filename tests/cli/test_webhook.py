"""Webhooks by the command."""

import asyncio
import json
import threading
from collections.abc import Iterator

import pytest
from standardwebhooks import Webhook as Standard

from tests.cli.support import Cli
from tests.webhooks.receiver import Receiver, receiving


@pytest.fixture
def webhook(cli: Cli) -> dict[str, str]:
    cli.ok("job", "enqueue", "first")
    found = cli.ok(
        "webhook", "add", "https://example.com/hooks?token=hunter2", "--kind", "dead", "--queue", "mail", "--json"
    )
    made: dict[str, str] = json.loads(found)
    return made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver on a loop of its own: the command runs one, too."""
    begun, over = threading.Event(), asyncio.Event()
    found: list[Receiver] = []
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        async with receiving(204, 500) as receiver:
            found.append(receiver)
            loops.append(asyncio.get_running_loop())
            begun.set()
            await over.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert begun.wait(10)
    yield found[0]
    loops[0].call_soon_threadsafe(over.set)
    thread.join()


def test_the_secret_is_shown_once(cli: Cli, webhook: dict[str, str]) -> None:
    assert webhook["secret"].startswith("whsec_")
    shown = [cli.ok("webhook", *words) for words in (["list"], ["list", "--json"], ["get", webhook["id"]])]
    assert not any(webhook["secret"] in text or "hunter2" in text for text in shown)
    assert "Kinds      job.dead" in shown[2]


def test_a_webhook_is_paused_resumed_and_removed(cli: Cli, webhook: dict[str, str]) -> None:
    cli.ok("webhook", "pause", webhook["id"], "--reason", "it moves")
    assert "paused: it moves (by " in cli.ok("webhook", "get", webhook["id"])
    assert "active" in cli.ok("webhook", "resume", webhook["id"])
    assert json.loads(cli.ok("webhook", "deliveries", webhook["id"], "--json"))["items"] == []
    assert cli.ok("webhook", "rm", webhook["id"]) == f"{webhook['id']}  removed\n"
    again = cli("webhook", "get", webhook["id"])
    assert (again.exit_code, "HR-E0306" in again.stderr) == (3, True)


def test_a_new_secret_is_printed_once_and_the_old_one_is_good_for_a_while(cli: Cli, webhook: dict[str, str]) -> None:
    result = cli("webhook", "rotate", webhook["id"], "--overlap", "1h")
    secret = result.stdout.split()[1]
    assert secret.startswith("whsec_")
    assert secret != webhook["secret"]
    assert "the old one is good until" in result.stderr
    assert "two, until" in cli.ok("webhook", "get", webhook["id"])


def test_a_message_can_be_sent_to_see_whether_it_is_taken(
    cli: Cli, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli.ok("job", "enqueue", "first")
    made = json.loads(cli.ok("webhook", "add", receiver.url, "--json"))
    refused = cli("webhook", "test", made["id"])
    assert (refused.exit_code, "worker.webhook_networks" in refused.stderr) == (9, True)
    monkeypatch.setenv("HEADRACE_WORKER_WEBHOOK_NETWORKS", "127.0.0.0/8")
    assert cli.ok("webhook", "test", made["id"]) == f"{made['id']}  answered 204\n"
    headers, body = receiver.requests[0]
    assert Standard(made["secret"]).verify(body, headers)["type"] == "webhook.test"
    failed = cli("webhook", "test", made["id"])
    assert (failed.exit_code, "answered 500" in failed.stderr) == (9, True)


def test_what_cannot_be_a_webhook_is_refused(cli: Cli) -> None:
    cli.ok("job", "enqueue", "first")
    assert "begin with https://" in cli("webhook", "add", "ftp://example.com").stderr
    assert "is no kind of event" in cli("webhook", "add", "https://example.com", "--kind", "died").stderr
    assert "more than one job" in cli("webhook", "add", "https://example.com", "--job", "x").stderr
