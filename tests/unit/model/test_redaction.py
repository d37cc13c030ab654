"""Redaction: what views hide, by rules and by name."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.errors import ConfigError
from headrace.model.redaction import (
    ALWAYS,
    REDACTED,
    check_rules,
    for_arguments,
    is_always_hidden,
    redact,
    redact_result,
    redact_text,
)

PLAIN: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("rule", "shown"),
    [
        ("a", {"a": REDACTED, "c": [{"d": 1}, {"d": 2, "e": 3}]}),
        ("a.b", {"a": {"b": REDACTED}, "c": [{"d": 1}, {"d": 2, "e": 3}]}),
        ("c.d", {"a": {"b": 5}, "c": [{"d": REDACTED}, {"d": REDACTED, "e": 3}]}),
        ("*.b", {"a": {"b": REDACTED}, "c": [{"d": 1}, {"d": 2, "e": 3}]}),
        ("x.y", {"a": {"b": 5}, "c": [{"d": 1}, {"d": 2, "e": 3}]}),
    ],
)
def test_a_rule_names_what_is_hidden(rule: str, shown: Any) -> None:
    value = {"a": {"b": 5}, "c": [{"d": 1}, {"d": 2, "e": 3}]}
    assert redact(value, [rule]) == shown
    assert value == {"a": {"b": 5}, "c": [{"d": 1}, {"d": 2, "e": 3}]}


@pytest.mark.parametrize("name", sorted(ALWAYS))
def test_some_names_are_hidden_without_a_rule(name: str) -> None:
    for spelled in (name, name.upper(), name.replace("_", "-"), f"my_{name}", f"my{name.title().replace('_', '')}"):
        assert redact([{"deep": {spelled: "x", "shown": 1}}], []) == [{"deep": {spelled: REDACTED, "shown": 1}}]


@pytest.mark.parametrize("name", ["max_tokens", "tokenizer", "passwords_changed", "secretary", "keyboard", "key"])
def test_names_that_only_sound_like_secrets_are_shown(name: str) -> None:
    assert not is_always_hidden(name)


def test_nothing_is_shown_as_nothing() -> None:
    assert redact({"password": None}, []) == {"password": None}


def test_results_have_rules_of_their_own() -> None:
    rules = ["card", "return.card"]
    assert for_arguments(rules) == ("card",)
    assert redact_result({"card": "1", "id": 2}, rules) == {"card": REDACTED, "id": 2}
    assert redact_result({"id": 2}, ["return"]) == REDACTED
    assert redact_result(None, ["return"]) is None
    assert redact_result({"id": 2}, []) == {"id": 2}


def test_texts_lose_the_secrets_that_were_found() -> None:
    secrets: set[str] = set()
    redact({"password": "hunter2", "pin": {"code": [12345, "a"]}, "shown": "word"}, ["pin"], secrets)
    assert secrets == {"hunter2", "12345"}
    assert redact_text("hunter2 and 12345 are no word", secrets) == f"{REDACTED} and {REDACTED} are no word"


@given(PLAIN, st.lists(st.from_regex(r"[a-z]{1,3}(\.[a-z]{1,3})?", fullmatch=True), max_size=3))
def test_redacting_twice_changes_nothing_more(value: Any, rules: list[str]) -> None:
    once = redact(value, rules)
    assert redact(once, rules) == once


@given(PLAIN)
def test_what_is_hidden_is_nowhere_in_what_is_shown(value: Any) -> None:
    secrets: set[str] = set()
    shown = redact({"hidden": [value, "a secret value"], "shown": 1}, ["hidden"], secrets)
    assert shown == {"hidden": REDACTED, "shown": 1}
    assert "a secret value" in secrets


@pytest.mark.parametrize("rules", ["password", 5, ["a..b"], [5], [""]])
def test_wrong_rules_are_refused(rules: Any) -> None:
    with pytest.raises(ConfigError, match="redact"):
        check_rules(rules)
