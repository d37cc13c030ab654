"""The report: right, on time, and the same whatever happens on the way."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sales import app, daily_report

from headrace import days
from headrace.testing import AppHarness, WorkerProcesses

pytestmark = pytest.mark.headrace("sales:app")

DAY = date(2030, 1, 1)
"""The clock of a test begins at its midnight."""

SALES = """\
day,product,amount
2030-01-01,tea,3.50
2030-01-01,cake & cream,4.00
2030-01-01,tea,3.50
2030-01-02,tea,1.00
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "sales.csv").write_text(SALES)
    monkeypatch.setenv("SALES_CSV", str(tmp_path / "sales.csv"))
    monkeypatch.setenv("REPORTS_FOLDER", str(tmp_path / "reports"))
    return tmp_path / "reports"


async def test_a_report_adds_up_each_product_of_the_day(headrace_app: AppHarness, folder: Path) -> None:
    assert await headrace_app.run(daily_report, DAY) == str(folder / "2030-01-01.html")
    assert (folder / "2030-01-01.csv").read_text() == 'product,amount\n"tea",7.00\n"cake & cream",4.00\n'
    assert "<td>cake &amp; cream</td><td>4.00</td>" in (folder / "2030-01-01.html").read_text()


async def test_there_is_one_each_morning_about_the_day_before(headrace_app: AppHarness, folder: Path) -> None:
    assert (await headrace_app.advance(days(3))).succeeded == 3
    headrace_app.assert_enqueued(daily_report, count=3)
    assert [page.stem for page in sorted(folder.glob("*.html"))] == ["2029-12-31", "2030-01-01", "2030-01-02"]


async def test_without_a_day_it_is_for_the_schedule(headrace_app: AppHarness) -> None:
    await daily_report.enqueue()
    assert (await headrace_app.drain()).dead == 1


async def test_a_file_without_the_columns_is_not_tried_again(headrace_app: AppHarness, tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text("when,what\n")
    job = await daily_report.enqueue(DAY)
    assert (await headrace_app.drain()).dead == 1
    assert "has no column amount, day, product" in str((await job.get()).reason)


async def test_a_crash_makes_no_difference(headrace_app: AppHarness, folder: Path) -> None:
    def observe() -> object:
        return {path.name: path.read_text() for path in folder.iterdir()}

    def reset() -> None:
        for path in folder.glob("*"):
            path.unlink()

    await headrace_app.assert_idempotent(daily_report.call(DAY), observe=observe, reset=reset)


async def test_a_worker_process_writes_it(folder: Path, tmp_path: Path) -> None:
    with WorkerProcesses("sales:app", tmp_path) as workers:
        async with app:
            job = await daily_report.enqueue(DAY)
            worker = workers.start()
            page = Path(await job.result(timeout=30))
            progress = (await job.get()).progress
        assert worker.stop() == 0
    assert page.parent == folder
    assert progress is not None
    assert (progress.done, progress.total) == (2, 2)
