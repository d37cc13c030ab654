"""``headrace webhook add``, ``test``, ``pause``, ``resume``, ``rotate`` and ``remove``."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.durations import Duration, rfc3339
from headrace.cli.event.read import filter_options
from headrace.cli.faults import Exit, Fault
from headrace.cli.output import note, output_options, print_json
from headrace.cli.person import signed
from headrace.cli.settings import configuration
from headrace.cli.stores import resolve_store, store_option, with_app, with_store
from headrace.cli.webhook.views import webhook_view

if TYPE_CHECKING:
    from headrace.app import Headrace
    from headrace.model.webhook import Webhook

webhook_argument = click.argument("webhook_id", metavar="WEBHOOK")


@click.command("add")
@click.argument("url")
@filter_options
@click.option("--description", default="", metavar="TEXT", help="What it is for; shown in lists.")
@store_option
@output_options("table", "json")
def add(url: str, description: str, store: str | None, output: str, **wanted: Any) -> None:
    """Have job events sent to URL: all, or those that the options name. Prints the secret, once.

    A running worker sends them. Receivers check the signature with the secret (Standard Webhooks).

    \b
    Examples:
      headrace webhook add https://example.com/hooks --kind dead --kind expired
      headrace webhook add https://example.com/hooks --queue mail --description "the mail team"
    """
    if wanted.pop("job"):
        raise Fault(
            Exit.USAGE, "16", "a webhook is about more than one job", fixes=["headrace event tail --job ID follows one"]
        )

    async def act(app: Headrace) -> Webhook:
        return await app.webhooks.add(url, description=description, **wanted)

    webhook = with_store(resolve_store(store), act)
    if output == "json":
        print_json({"schema": "headrace.webhook.add/1", **webhook_view(webhook), "secret": webhook.secret})
        return
    click.echo(f"{webhook.id}  added")
    click.echo(f"secret  {webhook.secret}")
    note("keep the secret: it is not shown again. Try it: headrace webhook test ID")


@click.command("test")
@webhook_argument
@store_option
def test(webhook_id: str, store: str | None) -> None:
    """Send a message of type webhook.test now, from here. Exit 0 if it was taken, with a status from 200 to 299.

    Addresses that are not public are refused, unless the setting worker.webhook_networks names their network.

    \b
    Examples:
      headrace webhook test wh-019a0b0c-0d0e-7123-bfff-ffffffffffff
    """
    from headrace.app import Headrace
    from headrace.app.webhooks.networks import AddressRefused
    from headrace.app.webhooks.sending import DeliveryError

    app = Headrace(resolve_store(store), worker=configuration().settings.worker)

    async def act(app: Headrace) -> int:
        return await app.webhooks.test(webhook_id)

    try:
        status = with_app(app, act)
    except (AddressRefused, DeliveryError) as error:
        raise Fault(Exit.BAD_ANSWER, "21", str(error)) from None
    if not 200 <= status < 300:
        raise Fault(Exit.BAD_ANSWER, "21", f"the receiver answered {status}, and only 200 to 299 is a success")
    click.echo(f"{webhook_id}  answered {status}")


@click.command("pause")
@webhook_argument
@click.option("--reason", default="", metavar="TEXT", help="Why; shown with the webhook, with your name.")
@store_option
def pause(webhook_id: str, reason: str, store: str | None) -> None:
    """Send nothing until it is resumed. What happens meanwhile is not sent later; deliveries under way wait.

    \b
    Examples:
      headrace webhook pause wh-019a0b0c-0d0e-7123-bfff-ffffffffffff --reason "the receiver moves"
    """
    whole = signed(reason)

    async def act(app: Headrace) -> None:
        await app.webhooks.pause(webhook_id, reason=whole)

    with_store(resolve_store(store), act)
    click.echo(f"{webhook_id}  paused")


@click.command("resume")
@webhook_argument
@store_option
def resume(webhook_id: str, store: str | None) -> None:
    """Send again, from now on.

    \b
    Examples:
      headrace webhook resume wh-019a0b0c-0d0e-7123-bfff-ffffffffffff
    """

    async def act(app: Headrace) -> None:
        await app.webhooks.resume(webhook_id)

    with_store(resolve_store(store), act)
    click.echo(f"{webhook_id}  active")


@click.command("rotate")
@webhook_argument
@click.option("--overlap", type=Duration(), metavar="TIME", help="How long the old secret is good as well. [24h]")
@store_option
def rotate(webhook_id: str, overlap: timedelta | None, store: str | None) -> None:
    """Make a new secret and print it, once. Until the overlap is over, messages are signed with both.

    \b
    Examples:
      headrace webhook rotate wh-019a0b0c-0d0e-7123-bfff-ffffffffffff
    """

    async def act(app: Headrace) -> Webhook:
        if overlap is None:
            return await app.webhooks.rotate(webhook_id)
        return await app.webhooks.rotate(webhook_id, overlap=overlap)

    webhook = with_store(resolve_store(store), act)
    click.echo(f"secret  {webhook.secret}")
    assert webhook.previous_until is not None
    note(f"the old one is good until {rfc3339(webhook.previous_until)}")


@click.command("remove")
@webhook_argument
@store_option
def remove(webhook_id: str, store: str | None) -> None:
    """Forget a webhook. Its deliveries that have not ended are cancelled when their turn comes.

    \b
    Examples:
      headrace webhook remove wh-019a0b0c-0d0e-7123-bfff-ffffffffffff
    """

    async def act(app: Headrace) -> None:
        await app.webhooks.remove(webhook_id)

    with_store(resolve_store(store), act)
    click.echo(f"{webhook_id}  removed")
