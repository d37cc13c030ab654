"""Searching: what each kind of term finds, and that a page which may not look further says so."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from headrace.model.durations import ZERO
from headrace.model.ids import JobId
from headrace.model.job import ErrorInfo, JobState, UniqueKey
from headrace.model.outcome import Cancelled, Completed, Failed
from headrace.model.page import JobQuery
from headrace.model.search import parse
from headrace.storage.backend import Backend
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import HOUR, claim_one, enqueue, finish, job

REFUSED = ErrorInfo(type="ConnectionRefusedError", message="[Errno 111] connection refused by relay-7")
MINUTE = timedelta(minutes=1)

SEARCHES = [
    ("", "mail report etl cancelled young"),
    ("state:dead", "mail"),
    ("state:failed,cancelled", "mail cancelled"),
    ("state:pending", "young"),
    ("-state:ended", "young"),
    ("queue:mail", "mail cancelled"),
    ("task:mail.*", "mail cancelled"),
    ("task:mail.sen?", "mail"),
    ('task:"mail.*"', ""),
    ("task:~REPO", "report"),
    ("task:mail.send,etl.load", "mail etl"),
    ("NOT (task:mail.* OR task:etl.load)", "report young"),
    ("tag:vip", "mail report"),
    ("tag:v*,slow", "mail report etl"),
    ("-tag:vip", "etl cancelled young"),
    ("priority:>=7", "report"),
    ("priority:..4", "etl"),
    ("priority:3..5", "mail etl cancelled young"),
    ("attempt:0", "young"),
    ("version:2", "etl"),
    ("key:order-*", "report"),
    ("worker:w-1", "mail report etl cancelled"),
    ("-worker:*", "young"),
    ('error:"CONNECTION refused"', "mail"),
    ("error:=ConnectionRefusedError", "mail"),
    ("error:*relay-?", "mail"),
    ("-error:refused", "report etl cancelled young"),
    ("reason:wrong", "cancelled"),
    ("since:90m", "cancelled young"),
    ("until:90m", "mail report etl"),
    ("enqueued:3h..90m", "mail report etl"),
    ("due:>now", "young"),
    ("due:<+2h", "mail report etl cancelled young"),
    ("expires:<+1d", "report"),
    ("started:..now", "mail report etl cancelled"),
    ("finished:<1h", "mail report"),
    ("wait:>=10m", "etl"),
    ("run:>=5m", "etl"),
    ("run:<5m", "mail report"),
    ("size:>=43", "mail report"),
    ("size:=43,=2b", "mail young"),
    ("size:..10", "cancelled young"),
    ("size:0.04KiB..", "mail report"),
    ("size:37..43b", "mail etl"),
    ("args.user.id:42", "mail"),
    ("args.user.id:40..50", "mail etl"),
    ('args.user.id:"42"', ""),
    ("args.user.id:>=42", "mail etl"),
    ("args.user:42", "report"),
    ("args.to:ada", "mail"),
    ("args.to:a*", "mail etl"),
    ("args.to:~DA", "mail"),
    ("args.polite:true", "mail"),
    ("args.polite:null", "report"),
    ("-args.polite:true", "report etl cancelled young"),
    ("args.parts:pen", "report"),
    ("args.parts.1:pen", ""),
    ("args.parts.0:pen", "report"),
    ("args.n:1.5", "etl"),
    ("args.n:7", "cancelled"),
    ("meta.source:cli", "young"),
    ("meta.n:<3", "young"),
    ("relay-7", "mail"),
    ("PAPER", "report"),
    ('"order-1"', "report"),
    ("unique:welcome*", "report"),
    ("mail state:dead OR etl attempt:1", "mail etl"),
]
"""Searches, and the jobs that each finds."""


async def some_jobs(backend: Backend, clock: FrozenClock) -> dict[str, JobId]:
    """Five jobs that differ in everything that can be searched by; it is three hours after the first."""
    first = [
        job("mail.send", queue="mail", tags=("vip",), payload=_json(to="ada", polite=True, user={"id": 42})),
        job(
            "report",
            queue="default",
            priority=8,
            tags=("vip", "paper"),
            idempotency_key="order-1",
            unique=UniqueKey(key="welcome:7"),
            expires_in=24 * HOUR,
            payload=_json(parts=["pen", "paper"], polite=None, user="42"),
        ),
        job("etl.load", queue="etl", priority=3, tags=("slow",), task_version=2, payload=_json(
            to="abc", n=1.5, user={"id": 50}
        )),
    ]  # fmt: skip
    ids = await enqueue(backend, *first)
    await finish(backend, await claim_one(backend, queue="mail"), Failed(error=REFUSED))
    await finish(backend, await claim_one(backend), Completed(result=b"1"))
    clock.advance(30 * MINUTE)
    etl = await claim_one(backend, queue="etl", lease=2 * HOUR)
    clock.advance(90 * MINUTE)
    ids += await enqueue(backend, job("mail.read", queue="mail", payload=_json(n=7)))
    await finish(backend, await claim_one(backend, queue="mail"), Cancelled(reason="the WRONG customer"))
    await finish(backend, etl, Completed())
    clock.advance(HOUR)
    ids += await enqueue(backend, job("t", queue="late", delay=HOUR, meta={"source": "cli", "n": 2}))
    return dict(zip(("mail", "report", "etl", "cancelled", "young"), ids, strict=True))


def _json(**arguments: object) -> bytes:
    return msgspec.json.encode(arguments)


class SearchPromises:
    async def test_every_search_finds_what_it_says(self, backend: Backend, clock: FrozenClock) -> None:
        names = {job_id: name for name, job_id in (await some_jobs(backend, clock)).items()}
        wrong = []
        for text, expected in SEARCHES:
            page = await backend.reader.find(JobQuery(where=parse(text)))
            assert page.complete
            found = [names[each.id] for each in reversed(page.items)]
            if found != expected.split():
                wrong.append((text, found, expected))
        assert wrong == []

    async def test_a_search_and_the_other_filters_must_both_match(self, backend: Backend, clock: FrozenClock) -> None:
        jobs = await some_jobs(backend, clock)
        query = JobQuery(states=(JobState.DEAD, JobState.CANCELLED), where=parse("state:cancelled,succeeded"))
        assert [each.id for each in (await backend.reader.find(query)).items] == [jobs["cancelled"]]
        nothing = JobQuery(states=(JobState.DEAD,), where=parse("state:cancelled"))
        assert (await backend.reader.find(nothing)).items == []

    async def test_jobs_are_found_by_their_ids(self, backend: Backend, clock: FrozenClock) -> None:
        jobs = await some_jobs(backend, clock)
        where = parse(f"id:{jobs['mail']},{jobs['etl']}")
        assert [each.id for each in (await backend.reader.find(JobQuery(where=where))).items] == [
            jobs["etl"],
            jobs["mail"],
        ]
        where = parse(f"id:{jobs['mail']} state:succeeded")
        assert (await backend.reader.find(JobQuery(where=where))).items == []

    async def test_arguments_that_are_not_json_pass_no_test(self, backend: Backend) -> None:
        packed, broken = await enqueue(
            backend, job(codec="msgpack", payload=msgspec.msgpack.encode({"n": 1})), job(payload=b'{"n":1')
        )
        assert (await backend.reader.find(JobQuery(where=parse("args.n:1")))).items == []
        found = (await backend.reader.find(JobQuery(where=parse("-args.n:1")))).items
        assert [each.id for each in found] == [broken, packed]

    async def test_a_page_that_may_not_look_further_says_so_and_the_next_goes_on(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        ids = []
        for n in range(25):
            clock.advance(MINUTE)
            ids += await enqueue(backend, job(payload=_json(n=n % 12)))
        first = await backend.reader.find(JobQuery(where=parse("args.n:0"), scan=10))
        assert ([each.id for each in first.items], first.complete) == ([ids[24]], False)
        assert first.reached == clock.now() - 9 * MINUTE
        found, page = list(first.items), first
        while page.next_cursor is not None:
            page = await backend.reader.find(JobQuery(where=parse("args.n:0"), scan=10), cursor=page.next_cursor)
            found += page.items
        assert [each.id for each in found] == [ids[24], ids[12], ids[0]]
        assert (page.complete, page.reached) == (True, None)

    async def test_a_page_that_has_no_time_gets_on_all_the_same(self, backend: Backend) -> None:
        ids: list[JobId] = []
        for start in range(0, 600, 300):
            ids += await enqueue(backend, *(job(payload=_json(n=n)) for n in range(start, start + 300)))
        query = JobQuery(where=parse("args.n:0,350,599"), patience=ZERO)
        page = await backend.reader.find(query)
        found, pages = list(page.items), 1
        assert page.complete is False
        while page.next_cursor is not None:
            page = await backend.reader.find(query, cursor=page.next_cursor)
            found, pages = [*found, *page.items], pages + 1
        assert ([each.id for each in found], pages) == ([ids[599], ids[350], ids[0]], 3)
        assert page.complete

    async def test_a_page_that_has_time_looks_at_all_there_is(self, backend: Backend) -> None:
        ids = await enqueue(backend, *(job(payload=_json(n=n)) for n in range(600)))
        page = await backend.reader.find(JobQuery(where=parse("args.n:0"), patience=HOUR))
        assert ([each.id for each in page.items], page.complete) == ([ids[0]], True)

    async def test_gaps_between_jobs_do_not_shorten_a_look(self, backend: Backend) -> None:
        ids = await enqueue(backend, *(job(payload=_json(n=n)) for n in range(30)))
        await backend.jobs.delete_many([each for n, each in enumerate(ids) if n % 3])
        page = await backend.reader.find(JobQuery(where=parse("args.n:<=3"), scan=9))
        assert ([each.id for each in page.items], page.complete) == ([ids[3]], False)
        page = await backend.reader.find(JobQuery(where=parse("args.n:<=3"), scan=10))
        assert ([each.id for each in page.items], page.complete) == ([ids[3], ids[0]], True)

    async def test_what_happened_later_is_not_in_a_list_as_of_an_instant(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        old, retried = await enqueue(backend, job(queue="a"), job(queue="b"))
        await finish(backend, await claim_one(backend, queue="b"), Failed(error=REFUSED))
        instant = clock.now()
        clock.advance(MINUTE)
        await enqueue(backend, job(queue="a"))
        both = (await backend.reader.find(JobQuery(as_of=instant))).items
        assert [each.id for each in both] == [retried, old]
        await backend.jobs.retry_many([retried])
        await finish(backend, await claim_one(backend, queue="b"), Failed(error=REFUSED))
        left = (await backend.reader.find(JobQuery(as_of=instant))).items
        assert [each.id for each in left] == [old]

    async def test_relative_times_are_counted_from_the_instant_of_the_list(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        [old] = await enqueue(backend, job())
        instant = clock.now()
        clock.advance(5 * HOUR)
        query = JobQuery(where=parse("since:1h"), as_of=instant)
        assert [each.id for each in (await backend.reader.find(query)).items] == [old]
        assert (await backend.reader.find(JobQuery(where=parse("since:1h")))).items == []
