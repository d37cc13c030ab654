"""What ``promtool check metrics`` finds fault with, so that it is checked where promtool is not.

The rules are those of promlint, https://github.com/prometheus/client_golang, prometheus/testutil/promlint/validations:
a help text, base units, ``_total`` for counters and for nothing else, names that are kept for histograms and summaries,
no type in a name, no colon, no camel case, no abbreviated unit. Where promtool is installed, it is asked as well.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

BASE_UNITS = {
    "amperes": "amperes", "bytes": "bytes", "celsius": "celsius", "kelvin": "celsius", "grams": "grams",
    "joules": "joules", "meters": "meters", "metres": "meters", "moles": "moles", "seconds": "seconds",
    "minutes": "seconds", "hours": "seconds", "days": "seconds", "weeks": "seconds", "volts": "volts",
}  # fmt: skip
PREFIXES = (
    "pico", "nano", "micro", "milli", "centi", "deci", "deca", "hecto", "kilo", "kibi", "mega", "mibi", "mebi", "giga",
    "gibi", "tera", "tebi", "peta", "pebi",
)  # fmt: skip
ABBREVIATIONS = ("s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d")
TYPES = ("counter", "gauge", "summary", "untyped", "histogram", "gauge_histogram")


def problems(text: str) -> list[str]:
    """Every fault of a page of metrics in Prometheus' text format.

    >>> problems("# TYPE queue_wait_ms counter\\nqueue_wait_ms 1\\n")[:3]  # doctest: +NORMALIZE_WHITESPACE
    ['queue_wait_ms: no help text', 'queue_wait_ms: counter metrics should have "_total" suffix',
     'queue_wait_ms: abbreviated unit']
    """
    families = text_string_to_metric_families(text)
    found = [f"{name}: {told}" for family in families for name, told in _faults(family, text)]
    names = re.findall(r"^# TYPE (\S+)", text, re.MULTILINE)
    found += [f"{name}: told twice" for name in sorted(set(names)) if names.count(name) > 1]
    return found + _of_promtool(text)


def _faults(family: Metric, text: str) -> Iterator[tuple[str, str]]:
    # The parser takes "_total" off the names of counters; the page has it.
    name = family.name
    if family.type == "counter" and re.search(rf"^# TYPE {name}_total ", text, re.MULTILINE):
        name += "_total"
    if not family.documentation:
        yield name, "no help text"
    if family.type == "counter" and not name.endswith("_total"):
        yield name, 'counter metrics should have "_total" suffix'
    if family.type != "counter" and name.endswith("_total"):
        yield name, 'non-counter metrics should not have "_total" suffix'
    for told in [*_kept_for_others(family), *_of_the_name(name)]:
        yield name, told
    for label in {label for sample in family.samples for label in sample.labels}:
        if re.search(r"[a-z][A-Z]", label):
            yield name, f"label {label} is camel case"


def _kept_for_others(family: Metric) -> Iterator[str]:
    labels = {label for sample in family.samples for label in sample.labels}
    if family.type not in ("histogram", "unknown") and (family.name.endswith("_bucket") or "le" in labels):
        yield 'only histograms have "_bucket" and "le"'
    if family.type not in ("histogram", "summary", "unknown") and family.name.endswith(("_count", "_sum")):
        yield 'only histograms and summaries have "_count" and "_sum"'
    if family.type not in ("summary", "unknown") and "quantile" in labels:
        yield 'only summaries have "quantile"'


def _of_the_name(name: str) -> Iterator[str]:
    for part in name.split("_"):
        if (base := _base_of(part)) not in (None, part):
            yield f"use base unit {base} instead of {part}"
    if any(f"_{kind}_" in f"{name}_" for kind in TYPES):
        yield "the type is in the name"
    if any(f"_{short}_" in f"{name}_" for short in ABBREVIATIONS):
        yield "abbreviated unit"
    if ":" in name:
        yield "colons are kept for recording rules"
    if re.search(r"[a-z][A-Z]", name):
        yield "the name is camel case"


def _base_of(word: str) -> str | None:
    """The unit that a word should be; None where it is no unit."""
    if word in BASE_UNITS:
        return BASE_UNITS[word]
    shorter = (BASE_UNITS.get(word.removeprefix(prefix)) for prefix in PREFIXES if word.startswith(prefix))
    return next(filter(None, shorter), None)


def _of_promtool(text: str) -> list[str]:
    promtool = shutil.which("promtool")
    if promtool is None:
        return []
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    return [] if done.returncode == 0 else [f"promtool: {line}" for line in done.stderr.splitlines()]
