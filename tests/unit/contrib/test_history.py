"""The history of a job, kept in memory or in a file."""

from datetime import timedelta
from pathlib import Path

import pytest

from headrace import Fixed, Headrace
from headrace.contrib.json_lines import JsonLines, read_lines
from headrace.contrib.recorder import Recorder
from headrace.errors import JobFailed


def failing_app() -> Headrace:
    app = Headrace("memory://")

    @app.task(name="fails", retry=Fixed(every=timedelta(0), attempts=3))
    async def fails() -> None:
        raise ValueError("always")

    return app


async def run_to_death(app: Headrace) -> str:
    async with app, app.worker():
        job = await app.enqueue(app.find_task("fails").call())
        with pytest.raises(JobFailed):
            await job.result(timeout=20)
    return job.id


async def test_the_memory_history_tells_each_attempt_in_order() -> None:
    app, recorder = failing_app(), Recorder()
    app.telemetry.attach(recorder)
    job_id = await run_to_death(app)
    seen = [(event.name, event.attributes["attempt"]) for event in recorder.history(job_id)]
    assert seen == [(name, attempt) for attempt in (1, 2, 3) for name in ("job.started", "job.finished")]
    assert recorder.events("worker.started")


async def test_the_file_history_is_json_lines_that_outlive_the_process(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    for _ in range(2):
        app = failing_app()
        with JsonLines(path) as lines:
            app.telemetry.attach(lines)
            await run_to_death(app)
    finished = [line for line in read_lines(path) if line["event"] == "job.finished"]
    assert [line["attempt"] for line in finished] == [1, 2, 3, 1, 2, 3]
    assert all(line["at"].endswith("Z") for line in finished)


def test_a_line_that_a_crash_cut_short_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"event":"a"}\n{"event":"b"}\n{"eve')
    assert [line["event"] for line in read_lines(path)] == ["a", "b"]


def test_an_event_after_the_close_is_dropped(tmp_path: Path) -> None:
    lines = JsonLines(tmp_path / "events.jsonl")
    lines.close()
    lines("late", {})
    assert read_lines(tmp_path / "events.jsonl") == []
