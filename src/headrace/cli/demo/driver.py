"""The demo from beginning to end: enqueue, kill, recover, report, check."""

from __future__ import annotations

import asyncio
import time
import warnings
from collections import Counter
from pathlib import Path

from msgspec import Struct

from headrace.app import Headrace
from headrace.cli.demo.crew import Crew, Victim
from headrace.cli.demo.figures import Totals, compute_plainly, differences
from headrace.cli.demo.history import History, read_history
from headrace.cli.demo.progress import ProgressLine
from headrace.cli.demo.tasks import QUEUE_INDEX, app, index_file, report
from headrace.cli.faults import Exit, Fault, usage
from headrace.cli.secrets import masked
from headrace.model.job import FINAL_STATES

LOOK_EVERY_S = 0.1
KILL_AT = 0.35
"""Which part is done when the worker is killed: both are busy, and much is left."""

GIVE_UP_S = 300.0
"""No machine that can run this takes so long; something is wrong then, and the demo says so rather than hang."""


class Outcome(Struct, frozen=True, kw_only=True):
    """All that the demo found out."""

    report: Totals
    plain: Totals
    history: History
    victim: Victim | None
    indexed: int
    seconds: float
    problems: list[str]


class Demo:
    """One run, in one folder."""

    def __init__(
        self, files: list[Path], folder: Path, url: str, *, workers: int, kill: bool, progress: ProgressLine
    ) -> None:
        self._files = files
        self._workers = workers
        self._kill = kill
        self._progress = progress
        self._url = url
        self._crew = Crew(url, folder)
        self._victim: Victim | None = None

    async def run(self) -> Outcome:
        """Run it all. Raises a fault when the workers end before the jobs do."""
        say = self._progress.say
        app.use_store(self._url)
        async with app:
            await _refuse_others(app, self._url)
            await app.enqueue_many([index_file.call(str(path)) for path in self._files])
            say(f"enqueued {len(self._files)} jobs, one for each file; starting {self._workers} worker processes")
            try:
                # A thread starts them: on a loop that waits for a fork nothing else moves.
                for _ in range(self._workers):
                    await asyncio.to_thread(self._crew.hire)
                begun = time.monotonic()
                await self._index()
                seconds = time.monotonic() - begun
                say("all files are done; a last job makes the report")
                totals = await (await report.enqueue()).result(timeout=GIVE_UP_S)
            finally:
                await asyncio.to_thread(self._crew.dismiss)
            history = await read_history(app, self._victim)
        say("checking the report against a plain loop over the same files, without the queue")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            plain = compute_plainly(self._files)
        return Outcome(
            report=totals,
            plain=plain,
            history=history,
            victim=self._victim,
            indexed=len(self._files),
            seconds=seconds,
            problems=[*differences(totals, plain), *history.problems, *self._missed_kill()],
        )

    def _missed_kill(self) -> list[str]:
        if not self._kill or self._victim is not None:
            return []
        return ["no worker was caught with jobs in its hands, so none was killed: give it more files"]

    async def _index(self) -> None:
        total = len(self._files)
        kill_at = int(total * KILL_AT) if self._kill else total + 1
        deadline = time.monotonic() + GIVE_UP_S
        while True:
            states = await self._states()
            done = sum(states[state] for state in FINAL_STATES)
            self._progress.show(done, total, f"{states['running']} running, {states['dead']} dead")
            if done >= total:
                return
            if done >= kill_at and self._victim is None:
                await self._kill_a_worker()
                kill_at = total + 1
            if not self._crew.alive() or time.monotonic() > deadline:
                raise Fault(
                    Exit.FAILED,
                    "02",
                    f"{total - done} jobs are left and no worker gets on with them",
                    notes=self._crew.last_words().splitlines()[-10:],
                )
            await asyncio.sleep(LOOK_EVERY_S)

    async def _states(self) -> Counter[str]:
        states: Counter[str] = Counter()
        for count in await app.counts(queues=[QUEUE_INDEX]):
            states[count.state] += count.count
        return states

    async def _kill_a_worker(self) -> None:
        victim = self._victim = await self._crew.kill_one(app)
        if victim is None:
            return
        pid = await asyncio.to_thread(self._crew.hire)
        self._progress.say(
            f"killed worker {victim.worker} (pid {victim.pid}) with SIGKILL: it held {len(victim.held)} jobs; "
            f"a replacement (pid {pid}) starts"
        )


async def _refuse_others(app: Headrace, url: str) -> None:
    """The figures are about all jobs of the store, so there must be none but the demo's."""
    if await app.counts():
        raise usage(
            f"there are jobs in {masked(url)} already, and the demo's figures would be mixed with them",
            code="18",
            fixes=["name an empty store, such as postgresql://user@host/database?schema=demo"],
        )
