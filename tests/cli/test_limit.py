import asyncio

from headrace import Headrace
from tests.cli.support import Cli


def test_a_queue_is_limited_and_says_what_it_has(cli: Cli) -> None:
    cli.ok("job", "enqueue", "greet", "--queue", "mail")

    text = cli.ok("queue", "set", "mail", "--concurrency", "20", "--rate", "100/s", "--fair", "--ageing", "10m")
    assert text == "mail  concurrency 20, rate 100/s; fair, ageing 10m\n"
    text = cli.ok("queue", "set", "mail", "--rate", "none", "--no-fair", "--ageing", "none", "--key-concurrency", "2")
    assert text == "mail  concurrency 20, keys: concurrency 2\n"
    assert cli.ok("limit", "list", "-o", "name") == "keys:mail\nqueue:mail\n"


def test_a_limit_is_set_shown_and_removed(cli: Cli) -> None:
    cli.ok("job", "enqueue", "greet", "--queue", "mail")

    text = cli.ok("limit", "set", "task:greet", "--concurrency", "3", "--rate", "5/10s burst 1")
    assert text == "task:greet  concurrency 3, rate 5/10s burst 1\n"
    limit = cli.json("limit", "get", "task:greet")
    assert (limit["concurrency"], limit["rate"], limit["in_use"], limit["waiting"]) == (3, "5/10s burst 1", 0, 1)
    assert "Waiting:     1" in cli.ok("limit", "get", "task:greet")
    assert "task:greet" in cli.ok("limits", "list")
    assert cli.ok("limit", "release", "task:greet") == "task:greet  removed\n"
    assert cli.json("limit", "list")["items"] == []


def test_a_single_key_is_exempted(cli: Cli) -> None:
    cli.ok("job", "enqueue", "greet", "--queue", "mail")
    cli.ok("limit", "set", "keys:mail", "--concurrency", "1")

    assert cli.ok("limit", "set", "key:mail:vip") == "key:mail:vip  no limit\n"
    assert cli.json("limit", "get", "key:mail:other")["set_for"] == "keys:mail"


def test_a_task_that_nobody_has_told_of_is_limited_with_a_remark(cli: Cli, app: Headrace) -> None:
    @app.task(name="mail.send")
    async def send() -> None: ...

    async def told_of() -> None:
        async with app, app.worker(queues=["default"]):
            pass

    asyncio.run(told_of())

    assert "told of" not in cli("limit", "set", "task:mail.send", "--concurrency", "3").stderr
    slip = cli("limit", "set", "task:mail.sent", "--concurrency", "3")
    assert (slip.exit_code, slip.stdout) == (0, "task:mail.sent  concurrency 3\n")
    assert "no worker has told of a task 'mail.sent' yet; did you mean 'mail.send'?" in slip.stderr


def test_what_cannot_be_limited_says_what_can(cli: Cli) -> None:
    cli.ok("job", "enqueue", "greet", "--queue", "mail")

    for args in (["set", "mail", "--concurrency", "3"], ["get", "mail"], ["remove", "queue:"]):
        result = cli("limit", *args)
        assert result.exit_code == 2, result.stderr
        assert "write store, queue:QUEUE" in result.stderr
    assert cli("limit", "get", "queue:mail").exit_code == 3
    assert cli("limit", "remove", "queue:mail").exit_code == 3
    assert "nothing to set" in cli("limit", "set", "queue:mail").stderr
    assert "nothing to set" in cli("queue", "set", "mail").stderr
    assert "'fast' is not a rate" in cli("queue", "set", "mail", "--rate", "fast").stderr
    assert "'many' is no number" in cli("queue", "set", "mail", "--concurrency", "many").stderr
