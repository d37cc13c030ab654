"""Workers, producers and misfortune around one store, from one seed."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace

from headrace.backends.memory import MemoryBackend
from headrace.config import WorkerConfig
from headrace.engine.context import current_job
from headrace.errors import Unavailable
from headrace.model.control import Discard, Snooze
from headrace.model.ids import JobId
from headrace.model.job import QUEUE_DEFAULT, JobState
from headrace.storage.jobs import JobStore
from headrace.testing.faults import FaultyBackend, RandomFaults
from headrace.testing.simulation.bookkeeper import Bookkeeper, Violation
from headrace.testing.simulation.jobs import Life, LiveTask, random_life
from headrace.testing.simulation.limits import KEYS, Census, random_restraint
from headrace.testing.simulation.loop import OWNER, LoopClock
from headrace.testing.simulation.process import Link, Process

SETTLE_S_MAX = 900.0
"""Virtual seconds in which everything must have ended once the misfortune is over. A job of six attempts needs about
a hundred of them."""

OVERLAP_MAX = 1 / 2
"""Leases that a handler which lost its own may go on beside its successor: a sixth until the next heartbeat is tried,
and a third until that is given up as unanswered."""


class Settings(Struct, frozen=True, kw_only=True):
    """How large a simulation is, and how unlucky.

    workers: places where a worker runs, one life after another. producers: who enqueue, each a share of ``jobs``.
    chaos: how long processes are killed, stopped and cut off, in virtual time; about every ``calamity`` one is.
    error_rate: how often a call fails. lease: of every worker. limited: limits and an order hold the queue back.
    """

    workers: int = 3
    producers: int = 2
    jobs: int = 60
    chaos: timedelta = timedelta(seconds=60)
    calamity: timedelta = timedelta(seconds=3)
    error_rate: float = 0.05
    lease: timedelta = timedelta(seconds=4)
    limited: bool = False


class Happening(Struct, frozen=True):
    """A line of the history: when (virtual seconds), who, what, to which job, and more."""

    at: float
    who: str
    what: str
    job: int | None
    detail: str


class World:
    """Everything of one simulation. Made and run inside a virtual loop, by ``simulate``."""

    def __init__(self, seed: int, settings: Settings, wrap: Callable[[JobStore], JobStore]) -> None:
        self.history: list[Happening] = []
        self.settings = settings
        self._seed = seed
        self._loop = asyncio.get_running_loop()
        self._dice = random.Random(seed)
        self._backend = MemoryBackend(clock=LoopClock(self._loop))
        self._restraint = random_restraint(QUEUE_DEFAULT, self._dice) if settings.limited else None
        census = None if self._restraint is None else Census(self._restraint)
        self.bookkeeper = Bookkeeper(self._backend, wrap(self._backend.jobs), self._note, census)
        self._backend.jobs = self.bookkeeper  # type: ignore[assignment]
        self._config = WorkerConfig(queues={"default": 4}, lease=settings.lease, grace=timedelta(seconds=3))
        self._lives = [random_life(n, self._dice, settings.lease.total_seconds()) for n in range(settings.jobs)]
        if settings.limited:
            self._lives = [
                replace(life, new=replace(life.new, partition=self._dice.choice(KEYS))) for life in self._lives
            ]
        self._numbers = {life.new.id: number for number, life in enumerate(self._lives)}
        self._executions: Counter[int] = Counter()
        self._running: dict[int, dict[str, float]] = {}
        self.overlap_s = 0.0
        self._starts: Counter[int] = Counter()
        self._names: dict[str, str] = {}
        self._links: list[Link] = []
        self._processes: dict[int, Process] = {}
        self.acknowledged: list[JobId] = []

    async def run(self) -> None:
        """Chaos, then calm, then the audit. Raises the first Violation."""
        await self._backend.open()
        if self._restraint is not None:
            await self._backend.queues.configure_many([self._restraint.settings])
            await self._backend.limits.set_many(self._restraint.limits)
        for place in range(self.settings.workers):
            await self._start(place)
        producers = [asyncio.create_task(self._produce(n)) for n in range(self.settings.producers)]
        end = self._loop.time() + self.settings.chaos.total_seconds()
        while self._loop.time() < end:
            await asyncio.sleep(self._dice.expovariate(1 / self.settings.calamity.total_seconds()))
            await self._strike()
        for link in self._links:
            link.faults.active, link.cut_until = False, 0.0
        await self._until_all_are_enqueued(producers)
        await self._settle()
        for place in list(self._processes):
            await self._processes[place].stop()
        await self.bookkeeper.audit(self.acknowledged)
        self._check()

    async def _until_all_are_enqueued(self, producers: list[asyncio.Task[None]]) -> None:
        try:
            async with asyncio.timeout(SETTLE_S_MAX):
                await asyncio.gather(*producers)
        except TimeoutError:
            self._check()
            raise Violation("a unique key was never free: the job that holds it does not end") from None

    async def _settle(self) -> None:
        deadline = self._loop.time() + SETTLE_S_MAX
        while open_jobs := self.bookkeeper.open_jobs():
            self._check()
            if self._loop.time() > deadline:
                stuck = await self._backend.reader.get_many(open_jobs[:3])
                raise Violation(f"{len(open_jobs)} jobs never ended, among them {stuck}")
            await asyncio.sleep(1)

    def _check(self) -> None:
        if self.bookkeeper.violations:
            raise self.bookkeeper.violations[0]

    async def _start(self, place: int) -> None:
        self._starts[place] += 1
        name = f"w{place}.{self._starts[place]}"
        link = self._new_link()
        task = LiveTask(self._live)
        process = Process(name, self._backend, link, lambda _: task, self._config)
        self._processes[place] = process
        self._names[process.worker.id] = name
        self._note("start", name)
        await process.start()

    async def _strike(self) -> None:
        """Something happens to one of the processes."""
        self._check()
        place = self._dice.randrange(self.settings.workers)
        process = self._processes[place]
        match self._dice.choice(["kill", "kill", "stop", "cut"]):
            case "kill":
                self._note("kill", process.name)
                await process.kill()
                await asyncio.sleep(self._dice.uniform(0, 2))
                await self._start(place)
            case "stop":
                self._note("stop", process.name)
                await process.stop()
                await self._start(place)
            case _:
                length = self._dice.uniform(0, 2) * self.settings.lease.total_seconds()
                self._note("cut", process.name, detail=f"for {length:.3f} s")
                process.link.cut_until = self._loop.time() + length

    async def _produce(self, number: int) -> None:
        """Enqueue a share of the jobs, each again under its id until it is acknowledged and its unique key is free."""
        share = self._lives[number :: self.settings.producers]
        jobs = FaultyBackend(self._backend, self._new_link()).jobs
        pace = self.settings.chaos.total_seconds() * 0.8 / max(1, len(share))
        for life in share:
            await asyncio.sleep(self._dice.expovariate(1 / pace))
            while life.new.id not in self.acknowledged:
                try:
                    [reply] = await jobs.enqueue_many([life.new])
                except Unavailable:
                    await asyncio.sleep(0.1)
                    continue
                if reply.id != life.new.id:
                    self._note("taken", f"p{number}", life.new.id, f"by {reply.id}")
                    await asyncio.sleep(0.5)
                else:
                    self.acknowledged.append(life.new.id)
                    self._note("enqueued", f"p{number}", life.new.id)

    async def _live(self, number: int) -> None:
        """The handler."""
        life: Life = self._lives[number]
        step = life.step(self._executions[number])
        self._executions[number] += 1
        who = OWNER.get()
        self._note("begin", who, life.new.id, f"attempt {current_job().attempt}, to {step.deed}")
        running = self._running.setdefault(number, {})
        running[who] = self._loop.time()
        try:
            await asyncio.sleep(step.seconds)
        finally:
            began = running.pop(who)
            for other in running.values():
                self._overlapped(life.new.id, self._loop.time() - max(began, other))
            self._note("end", who, life.new.id)
        match step.deed:
            case "fail":
                raise RuntimeError("as planned")
            case "snooze":
                raise Snooze(timedelta(seconds=1))
            case "discard":
                raise Discard("as planned")

    def _overlapped(self, job_id: JobId, seconds: float) -> None:
        """A worker that cannot be heard knows by its own clock when its lease is over, give or take one heartbeat."""
        self.overlap_s = max(self.overlap_s, seconds)
        if seconds > self.settings.lease.total_seconds() * OVERLAP_MAX:
            what = f"ran for {seconds:.3f} s beside its successor"
            self.bookkeeper.violations.append(Violation(f"job {job_id} {what}"))
            self._note("violation", "", job_id, what)

    def _new_link(self) -> Link:
        faults = RandomFaults(self._dice.getrandbits(32), error_rate=self.settings.error_rate)
        link = Link(faults, self._loop.time)
        self._links.append(link)
        return link

    def _note(self, what: str, who: str, job_id: JobId | None = None, detail: str = "") -> None:
        job = None if job_id is None else self._numbers[job_id]
        name = self._names.get(who, who)
        self.history.append(Happening(round(self._loop.time(), 6), name, what, job, detail))

    def states(self) -> dict[JobState, int]:
        """How many jobs ended in which state."""
        return Counter(state for account in self.bookkeeper.accounts.values() for state in account.ends)
