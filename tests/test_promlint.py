"""The rules by which the tests judge metrics do find fault."""

import pytest

from tests.promlint import problems


def page(name: str, kind: str = "gauge", *, labels: str = "", help_text: str = "Help.") -> str:
    """One metric of a page."""
    return f"# HELP {name} {help_text}\n# TYPE {name} {kind}\n{name}{labels} 1\n"


@pytest.mark.parametrize(
    "text",
    [
        page("jobs_total", "counter"),
        page("wait_seconds"),
        page("memory_bytes"),
        page("jobs", labels='{queue="a"}'),
        page("countdown_sums"),
        """# HELP run_seconds Help.
# TYPE run_seconds histogram
run_seconds_bucket{le="+Inf"} 1
run_seconds_count 1
run_seconds_sum 1
""",
    ],
)
def test_a_good_metric_passes(text: str) -> None:
    assert problems(text) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (page("jobs", help_text=""), "no help text"),
        (page("jobs", "counter"), "should have"),
        (page("jobs_total"), "should not have"),
        (page("wait_milliseconds"), "use base unit seconds instead of milliseconds"),
        (page("age_hours"), "use base unit seconds"),
        (page("memory_kilobytes"), "use base unit bytes"),
        (page("wait_ms"), "abbreviated unit"),
        (page("jobs_gauge"), "the type is in the name"),
        (page("jobs_bucket"), "only histograms"),
        (page("jobs_sum"), "only histograms and summaries"),
        (page("jobs", labels='{quantile="0.5"}'), "only summaries"),
        (page("jobs:rate"), "colons"),
        (page("jobsQueued"), "camel case"),
        (page("jobs", labels='{queueName="a"}'), "camel case"),
    ],
)
def test_a_bad_one_is_told(text: str, told: str) -> None:
    found = problems(text)
    assert [each for each in found if told in each], found
