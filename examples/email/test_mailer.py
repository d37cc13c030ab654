"""The mailer, against a mail server in this process."""

from __future__ import annotations

import email
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from mailer import app, send_mail, welcome

from headrace import hours
from headrace.testing import AppHarness, WorkerProcesses

pytestmark = pytest.mark.headrace("mailer:app")


class Server:
    """Takes every mail, except for ``nobody``, and lets those for ``busy`` try twice."""

    def __init__(self) -> None:
        self.mails: list[email.message.Message] = []
        self._tries = 0

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if address.startswith("nobody@"):
            return "550 no such mailbox"
        if address.startswith("busy@"):
            self._tries += 1
            if self._tries < 3:
                return "450 mailbox busy, try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(email.message_from_bytes(envelope.content))
        return "250 OK"

    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.mails]

    def ids(self) -> set[str]:
        return {str(mail["Message-ID"]) for mail in self.mails}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Server()
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    monkeypatch.setenv("MAIL_SERVER", f"127.0.0.1:{port}")
    yield server
    controller.stop()


async def test_who_signs_up_gets_one_mail(headrace_app: AppHarness, server: Server) -> None:
    await welcome("ada@example.com", "Ada")
    await welcome("ada@example.com", "Ada")
    headrace_app.assert_enqueued(send_mail, to="ada@example.com", queue="mail", count=1)
    assert (await headrace_app.drain()).succeeded == 1
    assert server.subjects() == ["Welcome, Ada!"]


async def test_a_busy_server_is_asked_again_later(headrace_app: AppHarness, server: Server) -> None:
    await welcome("busy@example.com", "Bob")
    report = await headrace_app.advance(hours(1), raise_errors=False)
    assert (report.failed, report.succeeded) == (2, 1)
    assert server.subjects() == ["Welcome, Bob!"]


async def test_an_address_that_does_not_exist_is_dead_at_once(headrace_app: AppHarness, server: Server) -> None:
    await welcome("nobody@example.com", "Nobody")
    report = await headrace_app.drain()
    assert (report.dead, len(report)) == (1, 1)
    [job] = headrace_app.enqueued(send_mail)
    assert "550" in str(job.job.reason)


async def test_a_crash_never_makes_two_messages_of_one(headrace_app: AppHarness, server: Server) -> None:
    call = send_mail.options(job_id="01a20200-0000-7000-8000-000000000001").call("ada@example.com", "Hello", "Text\n")
    await headrace_app.assert_idempotent(call, observe=server.ids, reset=server.mails.clear)


async def test_a_killed_worker_is_made_up_for(server: Server, tmp_path: Path) -> None:
    with WorkerProcesses("mailer:app", tmp_path) as workers:
        async with app:
            job = await send_mail.enqueue("ada@example.com", "Hello", "Text\n")
            workers.start(die_at="job.finished", ready=False).wait()
            assert len(server.mails) == 1  # sent, and nobody knows
            workers.start()
            await job.result(timeout=30)
            outcomes = [attempt.outcome for attempt in await app.attempts(job.id)]
    assert outcomes == ["lost", "succeeded"]
    assert len(server.mails) == 2
    assert len(server.ids()) == 1
