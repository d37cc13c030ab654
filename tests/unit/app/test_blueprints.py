"""Blueprints: tasks declared without the app, and the defaults that apps and blueprints give."""

from __future__ import annotations

from datetime import timedelta

import pytest

from headrace import Blueprint, Exponential, Fixed, Headrace, Never, TaskDefaults, seconds
from headrace.errors import ConfigError, UsageError


def send(to: str) -> str:
    return f"sent to {to}"


def close() -> None: ...


async def test_tasks_of_an_included_blueprint_are_the_apps(app: Headrace) -> None:
    mail = Blueprint(prefix="mail.", queue="mail")
    task = mail.task(send)
    app.include(mail)
    assert app.find_task("mail.send") is task
    job = await (await task.enqueue("Ada")).get()
    assert (job.task, job.queue) == ("mail.send", "mail")


async def test_enqueuing_a_task_of_no_app_says_what_is_missing() -> None:
    mail = Blueprint(prefix="mail.")
    task = mail.task(send)
    assert task("Ada") == "sent to Ada"
    with pytest.raises(UsageError, match=r"blueprint of mail\.send belongs to no app yet.*app\.include\(blueprint\)"):
        await task.enqueue("Ada")


def test_a_task_added_after_the_include_is_the_apps_at_once(app: Headrace) -> None:
    mail = Blueprint(prefix="mail.")
    app.include(mail)
    task = mail.task(send)
    assert app.find_task("mail.send") is task


def test_copies_with_options_made_before_the_include_work_after_it(app: Headrace) -> None:
    mail = Blueprint(queue="mail")
    urgent = mail.task(send).options(priority=9)
    app.include(mail)
    job = urgent.call("Ada").new_job()
    assert (job.queue, job.priority) == ("mail", 9)


def test_a_blueprint_belongs_to_one_app(app: Headrace) -> None:
    mail = Blueprint(prefix="mail.")
    app.include(mail)
    app.include(mail)
    with pytest.raises(UsageError, match=r"<Blueprint 'mail\.' with 0 tasks> is included in <Headrace memory://"):
        Headrace("memory://").include(mail)


def test_only_blueprints_can_be_included(app: Headrace) -> None:
    with pytest.raises(UsageError, match="include takes blueprints"):
        app.include(send)  # type: ignore[arg-type]


def test_without_a_prefix_a_task_is_named_by_its_module(app: Headrace) -> None:
    assert Blueprint().task(send).name == f"{__name__}.send"
    assert Blueprint(prefix="a.").task(name="b")(send).name == "a.b"


def test_the_nearest_word_counts() -> None:
    app = Headrace("memory://", defaults={"queue": "app", "priority": 1, "timeout": seconds(1), "tags": ["app"]})
    mail = Blueprint(queue="blueprint", priority=2, timeout=seconds(2))
    task = mail.task(queue="task", priority=3)(send)
    app.include(mail)
    job = task.options(queue="job").call("Ada").new_job()
    assert (job.queue, job.priority, job.timeout, job.tags) == ("job", 3, timedelta(seconds=2), ("app",))


def test_none_takes_a_default_away() -> None:
    app = Headrace("memory://", defaults=TaskDefaults(timeout=seconds(1)))
    assert app.task(send).call("Ada").new_job().timeout == timedelta(seconds=1)
    assert app.task(timeout=None)(close).call().new_job().timeout is None


def test_a_retry_policy_brings_its_attempts_along() -> None:
    app = Headrace("memory://", defaults={"retry": Never(), "max_attempts": 7})
    assert app.task(send).defaults["max_attempts"] == 7
    task = app.task(retry=Fixed(attempts=3))(close)
    assert (task.retry, task.defaults["max_attempts"]) == (Fixed(attempts=3), 3)
    assert Headrace("memory://").task(send).retry == Exponential()


def test_a_wrong_default_is_named_where_it_is_given() -> None:
    with pytest.raises(ConfigError, match=r"Headrace\(defaults=\.\.\.\) has no setting 'que'; there are: codec"):
        Headrace("memory://", defaults={"que": "mail"})  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="Blueprint has no setting 'name'"):
        Blueprint(name="x")  # type: ignore[call-arg]
    with pytest.raises(ConfigError, match="priority is a whole number"):
        Blueprint(priority=11)
    with pytest.raises(ConfigError, match="prefix of a blueprint is printable"):
        Blueprint(prefix="\n")


def test_a_default_that_needs_the_app_is_refused_at_the_include(app: Headrace) -> None:
    mail = Blueprint(codec="jsno")
    mail.task(send)
    with pytest.raises(ConfigError, match="codec 'jsno' is not known; did you mean 'json'"):
        app.include(mail)
