"""``headrace key``."""

from __future__ import annotations

from tests.cli.support import Cli


def test_a_key_is_made_listed_and_revoked_and_its_token_is_shown_once(cli: Cli) -> None:
    cli.ok("job", "enqueue", "greet")

    token = cli.ok("key", "create", "shop", "--scope", "submit", "--queue", "mail.*", "--expires", "90d").strip()
    key_id = token.split("_")[1]
    assert token.startswith(f"hr_{key_id}_")
    text = cli.ok("key", "list")
    assert all(word in text for word in (key_id, "shop", "submit", "mail.*", "in use"))
    assert token not in text
    assert token not in cli.ok("key", "list", "--json")
    assert "Queues:    mail.*" in cli.ok("key", "get", "shop")

    assert f"Key:       shop ({key_id}), revoked" in cli.ok("key", "revoke", "shop")
    key = cli.json("key", "get", token)
    assert (key["state"], key["scopes"], "@" in key["revoked_by"]) == ("revoked", ["submit"], True)


def test_the_token_can_be_had_by_a_script(cli: Cli) -> None:
    cli.ok("job", "enqueue", "greet")
    made = cli.json("key", "create", "ci", "--scope", "operate", "--scope", "work")
    assert made["token"].startswith(f"hr_{made['id']}_")
    assert {"work", "jobs:submit"} <= set(made["scopes"])


def test_what_cannot_be_says_what_can(cli: Cli) -> None:
    cli.ok("job", "enqueue", "greet")
    cli.ok("key", "create", "shop", "--scope", "read")

    assert "did you mean 'submit'" in cli("key", "create", "x", "--scope", "sumbit").stderr
    assert "Revoke it first" in cli("key", "create", "shop", "--scope", "read").stderr
    missing = cli("key", "revoke", "shap")
    assert (missing.exit_code, "did you mean 'shop'" in missing.stderr) == (3, True)
    assert cli("key", "list").stdout.count("in use") == 1
