"""A report every morning: from a file of sales to a page that people open, and a file that spreadsheets do.

Each day's report, once written, orders the next day's; ``python sales.py`` orders the first.
"""

from __future__ import annotations

import asyncio
import csv
import html
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

from headrace import Discard, Exponential, Headrace, JobHandle, current_job, minutes

app = Headrace("sqlite:///reports.db")

DUE = time(6, 0, tzinfo=UTC)
"""When the report about the day before is written."""

Totals = Mapping[str, Decimal]


async def order_report(day: date) -> JobHandle[str]:
    """Have the report about ``day`` written on the next morning. Ordering it twice orders it once."""
    due = datetime.combine(day + timedelta(days=1), DUE)
    return await daily_report.options(run_at=due, idempotency_key=f"report:{day}").enqueue(day)


@app.task(name="daily_report", queue="reports", retry=Exponential(base=minutes(1), attempts=6))
async def daily_report(day: date) -> str:
    """Write the report about a day, and order the next; answers the path of the page.

    Every step may happen twice without a difference: files are replaced as a whole, and the order has a key.
    """
    totals = await asyncio.to_thread(_add_up, _data(), day)
    current_job().progress(2, 3, "writing")
    page = _folder() / f"{day}.html"
    await asyncio.to_thread(_replace, page, _as_html(day, totals))
    await asyncio.to_thread(_replace, page.with_suffix(".csv"), _as_csv(totals))
    await order_report(day + timedelta(days=1))
    current_job().progress(3, 3, "done")
    return str(page)


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


async def main() -> None:
    """Order the report about today."""
    async with app:
        await order_report(datetime.now(UTC).date())


if __name__ == "__main__":
    asyncio.run(main())
