"""What is said: a job's life by the client, and by a worker over HTTP. Change it only by adding to its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx2

from headrace import Headrace, hours
from headrace.backends.memory import MemoryBackend
from headrace.client import AsyncClient, call
from headrace.errors import InvalidArguments, JobNotFound, UnknownTask
from headrace.testing.clock import FrozenClock

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
IDS = [f"019f8aaa-0000-7000-8000-{n:012}" for n in range(10)]
URL = "http://headrace.test"


def make_app() -> Headrace:
    """The app that is talked to."""
    app = Headrace(backend=MemoryBackend("memory://", clock=FrozenClock(NOON)))

    @app.task(name="mail.send", queue="mail", redact=["password"])
    async def send(to: str, *, subject: str = "", password: str = "") -> str:
        """Send a letter."""
        return f"sent to {to}"

    return app


@contextmanager
def refused(kind: type[Exception]) -> Iterator[None]:
    """What is within is refused so."""
    try:
        yield
    except kind:
        return
    raise AssertionError(f"nothing was refused as {kind.__name__}")


async def talk(transport: httpx2.AsyncBaseTransport) -> None:
    """Say everything, one after the other."""
    async with AsyncClient(URL, transport=transport) as client:
        await _jobs(client)
        await _the_rest(client)
    async with httpx2.AsyncClient(base_url=URL, transport=transport) as worker:
        await _work(worker)


async def _jobs(client: AsyncClient) -> None:
    await client.enqueue(call("mail.send", to="ada").options(job_id=IDS[0], tags=["vip"], meta={"from": "shop"}))
    await client.enqueue(call("mail.send", "bob").options(job_id=IDS[1], priority="high", delay=hours(1)))
    await client.enqueue(call("mail.send", to="cleo").options(job_id=IDS[2], idempotency_key="letter-3"))
    await client.enqueue(call("mail.send", to="cleo").options(job_id=IDS[3], idempotency_key="letter-3"))
    await client.enqueue(call("mail.send", to="dora").options(job_id=IDS[4], unique="dora", max_attempts=1))
    await client.enqueue_many([call("mail.send", to=f"{n}").options(job_id=IDS[n]) for n in (5, 6)])
    with refused(UnknownTask):
        await client.enqueue(call("mail.sent", to="ada").options(job_id=IDS[7]))
    with refused(InvalidArguments):
        await client.enqueue(call("mail.send", too="ada").options(job_id=IDS[7]))
    await client.get(IDS[0])
    with refused(JobNotFound):
        await client.get(IDS[9])
    await client.find(where="queue:mail state:queued,scheduled", limit=3)
    await client.cancel([IDS[5]], reason="moved away")
    await client.explain(IDS[1])
    await client.attempts(IDS[0])
    await client.logs(IDS[0])


async def _the_rest(client: AsyncClient) -> None:
    await client.pause("mail", reason="the relay is away")
    await client.queues()
    await client.resume("mail")
    await client.limit("task:mail.send", concurrency=3, rate="10/m")
    await client.limits()
    await client.remove_limit("task:mail.send")
    await client.schedules.create("nightly", "0 3 * * *", call("mail.send", to="ada"), timezone="Europe/Paris")
    await client.schedules.list()
    await client.schedules.next("nightly", 2)
    await client.schedules.pause("nightly")
    await client.schedules.delete("nightly")
    await client.tasks()
    await client.task("mail.send")
    await client.workers()
    await client.store()


async def _work(worker: httpx2.AsyncClient) -> None:
    async def say(path: str, **message: object) -> httpx2.Response:
        return await worker.post(path, json=message)

    offer = {"name": "shell.run", "queue": "shell", "arguments": {"type": "object"}}
    place = (await say("/v1/workers", queues={"mail": 4}, tasks=[offer], hostname="host", pid=7)).headers["location"]
    jobs = (await say(f"{place}/claim", lease="1m")).json()["jobs"]
    leases = [{"id": job["id"], "token": job["token"]} for job in jobs]
    await say(f"{place}/heartbeat", leases=leases)
    done, failed, late, back = leases
    progress = {"done": 1, "total": 2, "note": "half way"}
    await say(f"{place}/report", jobs=[{**done, "progress": progress, "logs": [{"message": "wrote it"}]}])
    outcomes = [
        {**done, "outcome": {"kind": "completed", "result": "sent"}},
        {**failed, "outcome": {"kind": "failed", "error": {"type": "OSError", "message": "no"}, "retry_in": "5m"}},
        {**late, "outcome": {"kind": "snoozed", "delay": "1h", "reason": "at night"}},
        {**back, "outcome": {"kind": "released"}},
    ]
    await say(f"{place}/finish", jobs=outcomes)
    await say(f"{place}/finish", jobs=outcomes[:1])
    for read in (f"/v1/jobs/{done['id']}/result", f"/v1/jobs/{failed['id']}", f"/v1/jobs/{failed['id']}/attempts"):
        await worker.get(read)
    await worker.delete(place)
