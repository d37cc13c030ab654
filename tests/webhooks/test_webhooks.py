"""Webhooks from a job's change to a receiver that checks the signature."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from standardwebhooks import WebhookVerificationError

from headrace import Headrace
from headrace.app.webhooks import courier
from headrace.app.webhooks.courier import QUEUE, Courier
from headrace.app.webhooks.forwarder import Forwarder
from headrace.app.webhooks.networks import AddressRefused, Networks
from headrace.app.webhooks.records import BUCKET, WebhookRecords
from headrace.app.webhooks.sending import DeliveryError, post
from headrace.errors import ConfigError, UnknownWebhook
from headrace.model.job import JobState
from headrace.model.retry import Fixed
from headrace.storage.kv import Put
from headrace.tasks.task import Task
from tests.webhooks.receiver import PATIENCE_S, receiving

Greet = Task[[str], str]
LOOPBACK = "127.0.0.0/8"


@pytest.fixture
async def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Headrace]:
    monkeypatch.setattr(courier, "RETRY", Fixed(every=timedelta(milliseconds=10), attempts=3))
    async with Headrace(f"sqlite:///{tmp_path}/jobs.db?synchronous=normal") as app:
        yield app


@pytest.fixture
def greet(app: Headrace) -> Greet:
    @app.task(name="greet", queue="mail")
    async def greet(name: str) -> str:
        return f"Hello, {name}!"

    return greet


async def settled(app: Headrace, webhook_id: str, count: int = 1) -> list[JobState]:
    """How the deliveries ended, once so many have."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            jobs = (await app.webhooks.deliveries(webhook_id)).items
            if len(jobs) >= count and all(job.state.final for job in jobs):
                return [job.state for job in jobs]
            await app.events.read(after=await app.events.newest(), wait=timedelta(milliseconds=50))


async def test_a_receiver_is_told_and_can_check_who_sent_it(app: Headrace, greet: Greet) -> None:
    async with receiving() as receiver:
        webhook = await app.webhooks.add(f"{receiver.url}?a=b", kind="succeeded")
        async with app.worker(queues=["mail"], webhook_networks=LOOPBACK):
            job = await greet.enqueue("Ada")
            await receiver.wait_for(1)
        told = receiver.checked(webhook.secret)
        assert (told["type"], told["data"]["job_id"], told["data"]["state"]) == ("job.succeeded", job.id, "succeeded")
        assert told["timestamp"] == told["data"]["at"]
        assert receiver.paths == ["/hooks?a=b"]
        with pytest.raises(WebhookVerificationError):
            receiver.checked("whsec_" + "A" * 44)


async def test_a_delivery_that_fails_is_sent_again_under_the_same_id(app: Headrace, greet: Greet) -> None:
    async with receiving(500, 302) as receiver:
        webhook = await app.webhooks.add(receiver.url, kind="enqueued")
        await greet.enqueue("Ada")
        async with app.worker(queues=["idle"], webhook_networks=LOOPBACK):
            await receiver.wait_for(3)
            assert await settled(app, webhook.id) == [JobState.SUCCEEDED]
        assert len({headers["webhook-id"] for headers, _ in receiver.requests}) == 1
        assert len({body for _, body in receiver.requests}) == 1
        assert set(receiver.paths) == {"/hooks"}  # the redirect was not followed


async def test_a_delivery_that_fails_for_good_is_a_dead_letter(app: Headrace, greet: Greet) -> None:
    async with receiving(500, 404, 503) as receiver:
        webhook = await app.webhooks.add(receiver.url, kind="enqueued")
        await greet.enqueue("Ada")
        async with app.worker(queues=["idle"], webhook_networks=LOOPBACK):
            await receiver.wait_for(3)
            assert await settled(app, webhook.id) == [JobState.DEAD]
        [job] = (await app.webhooks.deliveries(webhook.id)).items
        assert job.error is not None
        assert "the receiver answered 503" in job.error.message
        assert webhook.secret.encode() not in job.payload


async def test_each_webhook_is_told_of_what_it_wants_alone(app: Headrace, greet: Greet) -> None:
    async with receiving() as first, receiving() as second:
        mail = await app.webhooks.add(first.url, kind="cancelled", queue="mail", task="greet", tag="vip")
        every = await app.webhooks.add(second.url, kind=["enqueued", "cancelled"])
        other = await app.enqueue(greet.options(queue="sms", tags=["vip"]).call("Ada"))
        wanted = await app.enqueue(greet.options(tags=["vip", "eu"]).call("Ada"))
        await app.cancel([other.id, wanted.id])
        async with app.worker(queues=["idle"], webhook_networks=LOOPBACK):
            await first.wait_for(1)
            await second.wait_for(4)
            assert len(await settled(app, every.id, 4)) == 4
        assert first.checked(mail.secret)["data"]["job_id"] == wanted.id
        assert len(first.requests) == 1
        # Deliveries are jobs too, and are told of to nobody.
        assert {second.checked(every.secret, number)["data"]["queue"] for number in range(4)} == {"mail", "sms"}


async def test_410_pauses_the_webhook(app: Headrace, greet: Greet) -> None:
    async with receiving(410) as receiver:
        webhook = await app.webhooks.add(receiver.url, kind="enqueued")
        await greet.enqueue("Ada")
        async with app.worker(queues=["idle"], webhook_networks=LOOPBACK):
            await receiver.wait_for(1)
            assert await settled(app, webhook.id) == [JobState.CANCELLED]
        found = await app.webhooks.get(webhook.id)
        assert (found.active, found.reason) == (False, "the receiver answered 410 Gone")
        assert (await app.webhooks.resume(webhook.id)).active


async def test_a_paused_webhook_keeps_its_deliveries_waiting(app: Headrace, greet: Greet) -> None:
    async with receiving() as receiver:
        webhook = await app.webhooks.add(receiver.url, kind="enqueued")
        await greet.enqueue("before")
        forwarder = Forwarder(app.backend, LOOPBACK, gate=lambda: True)
        await hand_over(app)
        await app.webhooks.pause(webhook.id, reason="rebuilding")
        await greet.enqueue("meanwhile")
        await hand_over(app)
        await forwarder.start()
        async with asyncio.timeout(PATIENCE_S):
            async for event in app.events.watch(queue=QUEUE, after=0):
                if event.kind == "job.snoozed":
                    break
        await forwarder.stop()
        assert [job.state for job in (await app.webhooks.deliveries(webhook.id)).items] == [JobState.SCHEDULED]
        assert receiver.requests == []


async def test_a_removed_webhook_is_sent_nothing(app: Headrace, greet: Greet) -> None:
    async with receiving() as receiver:
        webhook, stays = [await app.webhooks.add(receiver.url, kind="enqueued") for _ in range(2)]
        await greet.enqueue("Ada")
        await hand_over(app)
        await app.webhooks.remove(webhook.id)
        async with app.worker(queues=["idle"], webhook_networks=LOOPBACK):
            await receiver.wait_for(1)
            assert await settled(app, stays.id) == [JobState.SUCCEEDED]
            ended = [job for job in (await app.find(queues=[QUEUE])).items if webhook.id in job.tags]
            await app.settled(ended[0].id, PATIENCE_S)
        assert (await app.get(ended[0].id)).reason == "the webhook was removed"
        with pytest.raises(UnknownWebhook, match=webhook.id):
            await app.webhooks.get(webhook.id)


async def hand_over(app: Headrace) -> None:
    """What a leader does in a round, without delivering; twice, as if one had died before it noted its place."""
    records = WebhookRecords(app.backend.kv)
    after, revision = await records.place()
    assert after is not None
    page = await app.events.read(after=after)
    jobs = Courier(app.backend, Networks("")).jobs(page.events, await records.all())
    if jobs:
        await app.backend.jobs.enqueue_many(jobs)
        again = Courier(app.backend, Networks("")).jobs(page.events, await records.all())
        assert all(reply.duplicate for reply in await app.backend.jobs.enqueue_many(again))
    await records.move(page.last, revision)


async def test_two_leaders_store_each_delivery_once(app: Headrace, greet: Greet) -> None:
    webhook = await app.webhooks.add("https://example.com/", kind="enqueued")
    await app.enqueue_many(greet.call(str(n)) for n in range(20))
    leaders = [Forwarder(app.backend, "", gate=lambda: True) for _ in range(2)]
    await app.webhooks.pause(webhook.id)
    await app.webhooks.resume(webhook.id)
    for leader in leaders:
        leader._courier = Courier(app.backend, Networks(""))  # handed over, and not sent from here
    await asyncio.gather(*(leader.tick() for leader in leaders))
    assert len((await app.webhooks.deliveries(webhook.id)).items) == 20


async def test_both_secrets_are_good_while_a_receiver_changes_over(app: Headrace) -> None:
    async with receiving() as receiver:
        webhook = await app.webhooks.add(receiver.url)
        rotated = await app.webhooks.rotate(webhook.id)
        networks = Networks(LOOPBACK)
        status = await courier.send(rotated, "msg_1", b"{}", networks, app.backend.clock.now())
        assert (status, webhook.secret != rotated.secret) == (204, True)
        assert receiver.checked(webhook.secret) == receiver.checked(rotated.secret) == {}
        later = await app.webhooks.rotate(webhook.id, overlap=timedelta(0))
        await courier.send(later, "msg_2", b"{}", networks, app.backend.clock.now())
        with pytest.raises(WebhookVerificationError):
            receiver.checked(rotated.secret)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "10.1.2.3", "169.254.169.254", "[::ffff:10.0.0.1]", "0.0.0.0"]
)
async def test_addresses_that_are_not_public_are_refused(host: str) -> None:
    with pytest.raises(AddressRefused, match=r"worker\.webhook_networks"):
        await post(f"http://{host}:9/", {}, b"", Networks(""))


async def test_a_name_that_leads_elsewhere_at_the_second_look_up_is_connected_to_where_it_led_at_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with receiving() as receiver:
        loop = asyncio.get_running_loop()
        port = int(receiver.url.split(":")[2].split("/")[0])
        looked_up: list[str] = []

        async def look_up(host: str, port: int, **_: object) -> list[object]:
            looked_up.append(host)
            address = "127.0.0.1" if len(looked_up) == 1 else "10.0.0.1"
            return [(2, 1, 6, "", (address, port))]

        real = loop.getaddrinfo
        monkeypatch.setattr(
            loop,
            "getaddrinfo",
            lambda host, port, **more: look_up(host, port) if host == "rebound" else real(host, port, **more),
        )
        assert await post(f"http://rebound:{port}/", {}, b"", Networks(LOOPBACK)) == 204
        assert looked_up == ["rebound"]


async def test_a_receiver_that_is_none_is_told_by_its_name() -> None:
    async def mumble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"SSH-2.0-OpenSSH\r\n")
        writer.close()

    server = await asyncio.start_server(mumble, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(DeliveryError, match="that is no HTTP"):
            await post(f"http://127.0.0.1:{port}/", {}, b"", Networks(LOOPBACK))
    with pytest.raises(DeliveryError, match="could not be reached"):
        await post(f"http://127.0.0.1:{port}/", {}, b"", Networks(LOOPBACK))


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("ftp://example.com", "begin with https://"),
        ("https://user:hunter2@example.com", "must not hold a user or password"),
        ("https:///path", "has to name a host"),
        ("https://example.com/a b", "without spaces"),
        ("https://example.com/\r\nX: y", "printable"),
        ("https://example.com/#part", "after #"),
        ("https://example.com:99999/", "cannot be read"),
    ],
)
async def test_what_is_no_address_is_refused(app: Headrace, url: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        await app.webhooks.add(url)


async def test_a_secret_that_is_none_is_refused_and_not_repeated(app: Headrace) -> None:
    with pytest.raises(ConfigError, match="whsec_") as caught:
        await app.webhooks.add("https://example.com", secret="whsec_hunter2")
    assert "hunter2" not in str(caught.value)


async def test_a_webhook_that_is_shown_does_not_tell_its_secret(app: Headrace) -> None:
    webhook = await app.webhooks.add("https://example.com")
    assert webhook.secret not in repr(webhook)


def test_webhooks_are_kept_from_code_without_a_loop(tmp_path: Path) -> None:
    app = Headrace(f"sqlite:///{tmp_path}/jobs.db?synchronous=normal")
    with app.sync:
        webhooks = app.sync.webhooks
        made = webhooks.add("https://example.com/hooks", kind="dead", description="the mail team")
        assert webhooks.list() == [webhooks.get(made.id)] == [made]
        assert (webhooks.pause(made.id, reason="it moves").reason, webhooks.resume(made.id).active) == (
            "it moves",
            True,
        )
        assert webhooks.rotate(made.id).previous_secret == made.secret
        assert webhooks.deliveries(made.id).items == []
        with pytest.raises(AddressRefused):
            app.sync.webhooks.test(webhooks.add("http://127.0.0.1:9/").id)
        webhooks.remove(made.id)
        assert len(webhooks.list()) == 1


async def test_a_webhook_that_this_release_cannot_read_does_not_keep_the_others_from_being_told(
    app: Headrace, caplog: pytest.LogCaptureFixture
) -> None:
    webhook = await app.webhooks.add("https://example.com/hooks")
    await app.backend.kv.put_many(BUCKET, [Put(key="wh-of-tomorrow", value=b"{}")])
    assert [each.id for each in await app.webhooks.list()] == [webhook.id]
    assert "webhook wh-of-tomorrow cannot be read, and is told nothing" in caplog.text
