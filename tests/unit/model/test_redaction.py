"""Redaction: what views hide, by rules and by name."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
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
    redact_view,
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


@pytest.mark.parametrize("secret", ['quo"te', "both \"and' here", "back\\slash", "line\nbreak", "Zoë", "a+b/c="])
def test_texts_lose_secrets_however_they_quote_them(secret: str) -> None:
    told = [
        *(secret, repr(secret), ascii(secret), str(KeyError(secret)), repr({"pin": secret})),
        *(
            json.dumps({"pin": secret}),
            json.dumps([secret], ensure_ascii=False),
            msgspec.json.encode([secret]).decode(),
        ),
        *(f"https://db/?pin={quote(secret, safe='')}", f"https://db/?{urlencode({'pin': secret})}"),
    ]
    for text in told:
        shown = redact_text(f"no login: {text}", {secret})
        assert REDACTED in shown
        assert len(shown) <= len("no login: https://db/?pin=" + REDACTED) + 4


def test_a_secret_that_reads_like_what_a_view_says_of_itself_leaves_that_alone() -> None:
    error = {"type": "ValueError", "message": "dead since 2026", "fingerprint": "2026"}
    view = {"id": "2026-1", "state": "dead", "args": {"pin": 2026}, "tags": ["dead"], "attempts": [{"error": error}]}
    shown = redact_view(view, {"dead", "2026"})
    assert (shown["id"], shown["state"], shown["tags"]) == ("2026-1", "dead", [REDACTED])
    assert shown["args"] == {"pin": REDACTED}
    assert shown["attempts"] == [{"error": {**error, "message": f"{REDACTED} since {REDACTED}"}}]


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
