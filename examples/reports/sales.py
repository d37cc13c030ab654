"""A report every morning: from a file of sales to a page that people open, and a file that spreadsheets do.

A worker is all that is needed; it keeps the schedule, too::

    headrace worker sales:app --queue reports=2
"""

from __future__ import annotations

import asyncio
import csv
import html
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from headrace import Discard, Exponential, Headrace, current_job, minutes

app = Headrace("sqlite:///reports.db")

ZONE = "Europe/Paris"
"""The shop's: its days begin and end there."""

Totals = Mapping[str, Decimal]


@app.cron("daily at 06:00", timezone=ZONE, overlap="queue", misfire="all")
@app.task(name="daily_report", queue="reports", retry=Exponential(base=minutes(1), attempts=6))
async def daily_report(day: date | None = None) -> str:
    """Write the report about a day, by itself about the day before its morning; answers the path of the page.

    The morning is the one that was planned, however late the job runs: a report that was missed is about its own day.
    Every step may happen twice without a difference, because files are replaced as a whole.
    """
    day = day or _day_before()
    totals = await asyncio.to_thread(_add_up, _data(), day)
    current_job().progress(1, 2, "writing")
    page = _folder() / f"{day}.html"
    await asyncio.to_thread(_replace, page, _as_html(day, totals))
    await asyncio.to_thread(_replace, page.with_suffix(".csv"), _as_csv(totals))
    current_job().progress(2, 2, "done")
    return str(page)


def _day_before() -> date:
    planned = current_job().occurrence
    if planned is None:
        raise Discard("without a day, this task is for its schedule: give it one")
    return planned.astimezone(ZoneInfo(ZONE)).date() - timedelta(days=1)


def _data() -> Path:
    return Path(os.environ.get("SALES_CSV", "sales.csv"))


def _folder() -> Path:
    return Path(os.environ.get("REPORTS_FOLDER", "reports"))


def _add_up(data: Path, day: date) -> Totals:
    """What each product brought in on the day."""
    totals: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in _rows(data):
        if row["day"] == str(day):
            totals[row["product"]] += Decimal(row["amount"])
    return dict(sorted(totals.items(), key=lambda item: -item[1]))


def _rows(data: Path) -> Iterator[dict[str, str]]:
    with data.open(newline="") as file:
        reader = csv.DictReader(file)
        missing = {"day", "product", "amount"} - set(reader.fieldnames or ())
        if missing:
            raise Discard(f"{data} has no column {', '.join(sorted(missing))}: no retry adds one")
        yield from reader


def _as_html(day: date, totals: Totals) -> str:
    rows = "\n".join(f"<tr><td>{html.escape(product)}</td><td>{amount}</td></tr>" for product, amount in totals.items())
    return f"<!doctype html>\n<title>Sales of {day}</title>\n<h1>Sales of {day}</h1>\n<table>\n{rows}\n</table>\n"


def _as_csv(totals: Totals) -> str:
    return "".join(["product,amount\n", *(f'"{product}",{amount}\n' for product, amount in totals.items())])


def _replace(path: Path, text: str) -> None:
    """Write a file so that readers see the old one or the new one, and never half of either."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(path.suffix + ".new")
    draft.write_text(text, "utf-8")
    draft.replace(path)
