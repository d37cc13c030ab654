"""Mail from jobs: sent once the web request is over, tried again while the server is busy, given up when it says no."""

from __future__ import annotations

import os
import smtplib
from email.message import EmailMessage

from headrace import Discard, Exponential, Headrace, current_job, hours, seconds

app = Headrace("sqlite:///mail.db")

SENDER = "Shop <shop@shop.example>"
PERMANENT = 500
"""SMTP: 4xx means try again later, 5xx means never."""


async def welcome(address: str, name: str) -> None:
    """What a sign-up calls. The key makes a double click, or a retried request, one mail."""
    task = send_mail.options(idempotency_key=f"welcome:{address}", priority="high")
    await task.enqueue(address, f"Welcome, {name}!", f"Dear {name},\n\nit is good to have you here.\n")


@app.task(
    name="send_mail",
    queue="mail",
    retry=Exponential(base=seconds(30), cap=hours(1), attempts=8),
    timeout=seconds(60),
)
def send_mail(to: str, subject: str, text: str) -> str:
    """Send one message to one address; answers its Message-ID.

    SMTP knows no transactions: a worker that dies between the server's "250 OK" and the end of the job sends again. The
    Message-ID is made from the job, so both are the same message to every mail server and reader that looks.
    """
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = SENDER, to, subject
    message["Message-ID"] = f"<{current_job().id}@shop.example>"
    message.set_content(text)
    try:
        with _connect() as server:
            server.send_message(message)
    except smtplib.SMTPException as error:
        if (code := _reply_code(error)) >= PERMANENT:
            raise Discard(f"the server will never take it: {code} {error}") from error
        raise  # anything else is tried again, after longer and longer pauses
    return str(message["Message-ID"])


def _connect() -> smtplib.SMTP:
    host, _, port = os.environ.get("MAIL_SERVER", "localhost:25").rpartition(":")
    return smtplib.SMTP(host, int(port), timeout=20)


def _reply_code(error: smtplib.SMTPException) -> int:
    """The server's reply: of all recipients there is one here."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return max(code for code, _ in error.recipients.values())
    return int(getattr(error, "smtp_code", 0))
