"""The suite itself: complete, and readable as a list of promises."""

from collections import Counter

from headrace.testing.conformance import BackendConformance


def test_no_group_hides_a_test_of_another() -> None:
    names = Counter(name for group in BackendConformance.__mro__ for name in vars(group) if name.startswith("test_"))
    assert [name for name, count in names.items() if count > 1] == []


def test_every_test_is_named_as_a_sentence() -> None:
    names = [name for name in dir(BackendConformance) if name.startswith("test_")]
    assert len(names) >= 250
    assert [name for name in names if len(name.split("_")) < 4] == []
