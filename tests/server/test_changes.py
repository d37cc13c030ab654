"""Changes to jobs over HTTP: edited, retried, discarded, deleted; and what two people at once may do."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from headrace import Headrace
from headrace.model.job import ErrorInfo
from headrace.model.outcome import Failed
from headrace.testing.conformance.builders import claim_one, finish
from tests.server.support import until
from tests.server.test_jobs import submit


async def dead_job(client: httpx2.AsyncClient, app: Headrace) -> str:
    job_id: str = (await submit(client)).json()["id"]
    claim = await claim_one(app.backend, queue="mail")
    await finish(app.backend, claim, Failed(error=ErrorInfo(type="ValueError", message="no luck")))
    return job_id


async def test_a_job_is_edited_if_it_is_as_it_was_read(client: httpx2.AsyncClient) -> None:
    job_id = (await submit(client)).json()["id"]
    path = f"/v1/jobs/{job_id}"
    read = (await client.get(path)).headers["etag"]

    first = await client.patch(path, json={"priority": 9, "args": {"to": "bob"}}, headers={"If-Match": read})
    second = await client.patch(path, json={"priority": 1}, headers={"If-Match": read})

    assert (first.status_code, second.status_code) == (200, 412)
    job = await client.get(path)
    assert (job.json()["priority"], job.json()["args"]) == (9, {"to": "bob"})
    assert second.headers["etag"] == job.headers["etag"] != read


@pytest.mark.parametrize(
    ("if_match", "status"),
    [
        ("*", 200),
        ("NOW", 200),
        ('"0", NOW', 200),
        ('"a,b" ,, NOW ', 200),
        ('W/"0",NOW', 200),
        ("W/NOW", 412),
        ('"*"', 412),
        ('""', 412),
        ('"NOW"', 422),
        ("0", 422),
        ('*, "0"', 422),
        ('"0', 422),
    ],
)
async def test_if_match_is_read_by_the_rules_of_http(client: httpx2.AsyncClient, if_match: str, status: int) -> None:
    path = f"/v1/jobs/{(await submit(client)).json()['id']}"
    now = (await client.get(path)).headers["etag"]
    answer = await client.patch(path, json={"priority": 9}, headers={"If-Match": if_match.replace("NOW", now)})
    assert answer.status_code == status, answer.text
    assert (answer.json()["field"] if status != 200 else "If-Match") == "If-Match"


async def test_several_headers_of_if_match_are_one_list(client: httpx2.AsyncClient) -> None:
    path = f"/v1/jobs/{(await submit(client)).json()['id']}"
    now = (await client.get(path)).headers["etag"]
    for tags, status in (([now, '"other"'], 200), (['"other"', '"another"'], 412)):
        answer = await client.patch(path, json={"priority": 9}, headers=[("If-Match", tag) for tag in tags])
        assert answer.status_code == status


async def test_of_many_edits_of_one_version_one_succeeds(client: httpx2.AsyncClient) -> None:
    path = f"/v1/jobs/{(await submit(client)).json()['id']}"
    headers = {"If-Match": (await client.get(path)).headers["etag"]}

    edits = [client.patch(path, json={"tags": [str(number)]}, headers=headers) for number in range(10)]

    statuses = sorted(answer.status_code for answer in await asyncio.gather(*edits))
    assert statuses == [200] + [412] * 9


async def test_an_edit_of_nothing_is_refused(client: httpx2.AsyncClient) -> None:
    path = f"/v1/jobs/{(await submit(client)).json()['id']}"
    assert (await client.patch(path, json={})).status_code == 422
    assert (await client.patch(path, json={"task": "other"})).json()["field"] == "task"


async def test_a_dead_job_is_retried_with_other_values(client: httpx2.AsyncClient, app: Headrace) -> None:
    job_id = await dead_job(client, app)
    assert (await client.get(f"/v1/jobs/{job_id}")).json()["error"]["type"] == "ValueError"

    retried = await client.post(f"/v1/jobs/{job_id}/retry", json={"queue": "careful"})
    again = await client.post(f"/v1/jobs/{job_id}/retry")

    assert (retried.status_code, retried.json()["state"]) == (200, "queued")
    assert (again.status_code, again.json()["value"]) == (409, "queued")
    assert (await client.get(f"/v1/jobs/{job_id}")).json()["queue"] == "careful"


async def test_a_dead_job_can_be_discarded_and_deleted(client: httpx2.AsyncClient, app: Headrace) -> None:
    job_id = await dead_job(client, app)

    assert (await client.post(f"/v1/jobs/{job_id}/discard")).json()["state"] == "cancelled"
    assert (await client.delete(f"/v1/jobs/{job_id}")).status_code == 200
    assert (await client.get(f"/v1/jobs/{job_id}")).status_code == 404


async def test_the_history_of_a_job_can_be_read(client: httpx2.AsyncClient, app: Headrace) -> None:
    job_id = await dead_job(client, app)

    [attempt] = (await client.get(f"/v1/jobs/{job_id}/attempts")).json()["items"]
    assert (attempt["number"], attempt["outcome"], attempt["error"]["message"]) == (1, "failed", "no luck")
    assert (attempt["cpu_s"], attempt["peak_rss_bytes"]) == (None, None)
    assert (await client.get(f"/v1/jobs/{job_id}/logs")).json() == {"items": []}
    explained = (await client.get(f"/v1/jobs/{job_id}/explain")).json()
    assert explained["code"].startswith("dead.")


async def test_a_batch_of_changes_is_an_operation(client: httpx2.AsyncClient) -> None:
    for number in range(5):
        await submit(client, tags=["odd" if number % 2 else "even"])
    preview = (await client.post("/v1/operations/preview", json={"where": "tag:odd"})).json()
    assert (preview["matched"], preview["complete"], preview["queues"]) == (2, True, {"mail": 2})

    begun = await client.post("/v1/operations", json={"verb": "cancel", "where": "tag:odd", "as_of": preview["as_of"]})

    assert begun.status_code == 202
    done = await until(client, begun.headers["location"], lambda found: found["state"] != "running")
    assert (done["state"], done["changed"], done["author"]) == ("done", 2, "anyone")
    assert (await client.post(begun.headers["location"] + "/abort")).status_code == 422
    assert [each["id"] for each in (await client.get("/v1/operations")).json()["items"]] == [done["id"]]


async def test_an_operation_is_told_job_by_job_and_undone(client: httpx2.AsyncClient) -> None:
    for _ in range(3):
        await submit(client)
    begun = await client.post("/v1/operations", json={"verb": "cancel", "where": "queue:mail"})
    path = begun.headers["location"]
    await until(client, path, lambda found: found["state"] != "running")

    page = (await client.get(f"{path}/items", params={"limit": 2})).json()
    rest = (await client.get(f"{path}/items", params={"cursor": page["next_cursor"]})).json()
    assert [each["changed"] for each in (*page["items"], *rest["items"])] == [True] * 3
    assert (page["items"][0]["before"]["state"], rest["next_cursor"]) == ("queued", None)
    assert (await client.post(f"{path}/undo/preview")).json()["states"] == {"cancelled": 3}

    undo = await client.post(f"{path}/undo", json={"reason": "a slip", "rate": 100})

    assert (undo.status_code, undo.json()["undoes"], undo.json()["author"]) == (202, path.rpartition("/")[2], "anyone")
    done = await until(client, undo.headers["location"], lambda found: found["state"] != "running")
    assert (done["state"], done["changed"], done["reason"]) == ("done", 3, "a slip")
    refused = await client.post(f"{undo.headers['location']}/undo")
    assert (refused.status_code, "an undo itself" in refused.json()["detail"]) == (422, True)


@pytest.mark.parametrize("query", ["cursor=nonsense", "cursor=-1:", "limit=0", "cursor=%C2%B2:"])
async def test_items_that_cannot_be_listed_are_refused(client: httpx2.AsyncClient, query: str) -> None:
    begun = await client.post("/v1/operations", json={"verb": "cancel", "where": "queue:mail"})
    assert (await client.get(f"{begun.headers['location']}/items?{query}")).status_code == 422


async def test_a_result_is_waited_for(client: httpx2.AsyncClient, app: Headrace) -> None:
    job_id = (await submit(client)).json()["id"]
    assert (await client.get(f"/v1/jobs/{job_id}/result")).status_code == 202
    waiting = asyncio.ensure_future(client.get(f"/v1/jobs/{job_id}/result", params={"wait": "30s"}))
    async with app.worker(queues=["mail"]):
        answer = await waiting

    assert (answer.status_code, answer.json()["result"]) == (200, "sent to ada")


async def test_a_wait_ends_in_time(client: httpx2.AsyncClient) -> None:
    job_id = (await submit(client)).json()["id"]
    answer = await client.get(f"/v1/jobs/{job_id}/result", params={"wait": "50ms"})
    assert (answer.status_code, answer.json()["ended"]) == (202, False)


async def test_many_jobs_are_stored_together_or_not_at_all(client: httpx2.AsyncClient, app: Headrace) -> None:
    good, bad = {"task": "mail.send", "args": ["ada"]}, {"task": "mail.send", "args": []}

    refused = await client.post("/v1/jobs/batch", json={"jobs": [good, bad]})
    assert refused.status_code == 422
    assert await app.counts() == []

    stored = await client.post(
        "/v1/jobs/batch", json={"jobs": [good, {**good, "job_id": None}, {**good, "delay": "1h"}]}
    )
    assert stored.status_code == 201
    assert len({job["id"] for job in stored.json()["jobs"]}) == 3
