"""Settings come from several sources; the strongest wins, and what is wrong is told with its place."""

from datetime import timedelta
from pathlib import Path

import pytest

from headrace import Headrace
from headrace.config.keys import all_keys
from headrace.config.load import Configuration, inspect, load
from headrace.errors import ConfigError


class Place:
    """A folder to work in, a home for profiles, and an environment."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "project"
        self.folder.mkdir()
        self.environment = {"XDG_CONFIG_HOME": str(root / "config")}
        self._user = root / "config" / "headrace" / "config.toml"

    def project(self, text: str, name: str = "headrace.toml") -> None:
        (self.folder / name).write_text(text)

    def user(self, text: str) -> None:
        self._user.parent.mkdir(parents=True)
        self._user.write_text(text)

    def load(self, **environment: str) -> Configuration:
        return load(self.folder, {**self.environment, **environment})

    def problems(self, **environment: str) -> list[str]:
        return inspect(self.folder, {**self.environment, **environment}).problems


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    made = Place(tmp_path)
    monkeypatch.chdir(made.folder)
    return made


def test_environment_is_stronger_than_project_is_stronger_than_profile_is_stronger_than_default(place: Place) -> None:
    def lease(**environment: str) -> tuple[timedelta, str]:
        found = place.load(**environment)
        return found.settings.worker.lease, found.origin("worker.lease")

    assert lease() == (timedelta(seconds=30), "default")
    place.user('profile_in_use = "mine"\n[profile.mine.worker]\nlease = "40s"\n')
    assert lease()[0] == timedelta(seconds=40)
    assert lease()[1].startswith("profile 'mine', ")
    place.project('[worker]\nlease = "50s"\n')
    assert lease() == (timedelta(seconds=50), "headrace.toml:2")
    assert lease(HEADRACE_WORKER_LEASE="1m") == (timedelta(minutes=1), "HEADRACE_WORKER_LEASE")


def test_a_project_is_found_from_a_folder_below_it(place: Place) -> None:
    place.project('[project]\nname = "x"\n[tool.headrace]\napp = "shop:app"\n', "pyproject.toml")
    below = place.folder / "a" / "b"
    below.mkdir(parents=True)

    found = load(below, place.environment)

    assert (found.settings.app, found.origin("app")) == ("shop:app", "pyproject.toml:4")


def test_a_pyproject_that_says_nothing_of_headrace_is_passed_over(place: Place) -> None:
    place.project('store = "sqlite:///up.db"\n')
    below = place.folder / "inner"
    below.mkdir()
    (below / "pyproject.toml").write_text("[tool.other]\nlease = 1\n")

    assert load(below, place.environment).settings.store == f"sqlite:///{place.folder}/up.db"


def test_a_file_can_be_named(place: Place) -> None:
    place.project('store = "sqlite:///here.db"\n')
    place.project('store = "sqlite:///there.db"\n', "other.toml")

    assert place.load(HEADRACE_CONFIG="other.toml").settings.store == "sqlite:///there.db"
    assert "HEADRACE_CONFIG names 'gone.toml'" in place.problems(HEADRACE_CONFIG="gone.toml")[0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[worker]\nleese = "5s"\n', "headrace.toml:2: no setting 'worker.leese'; did you mean 'worker.lease'?"),
        ('lease = "5s"\n', "headrace.toml:1: no setting 'lease'; did you mean 'worker.lease'?"),
        ("x = 1\n", "headrace.toml:1: no setting 'x'. Those there are: headrace config list"),
        ("[worker]\nlease = 5\n", 'headrace.toml:2: worker.lease is a duration with its unit, such as "30s"'),
        ('[worker]\n\nlease = "5 parsecs"\n', "headrace.toml:3: worker.lease: '5 parsecs' is not a duration"),
        ('worker = {lease = "1ms"}\n', "headrace.toml:1: worker.lease: lease must be between 100 ms and 1 h"),
        ("[worker]\nupkeep = 1\n", "headrace.toml:2: worker.upkeep is true or false; got 1"),
        ("[worker]\nprefetch = true\n", "headrace.toml:2: worker.prefetch is number or none; got True"),
        ("[worker.queues]\nmail = 0\n", "headrace.toml:1: worker.queues: queues['mail']"),
        ('[output]\nformat = "xml"\n', "headrace.toml:2: output.format is table, wide, json"),
        ("[worker\n", "headrace.toml is not TOML"),
        ('worker = "x"\n', "headrace.toml:1: no setting 'worker'"),
    ],
)
def test_what_is_wrong_is_told_with_key_value_and_place(place: Place, text: str, told: str) -> None:
    place.project(text)

    assert place.problems()[0].startswith(told)
    with pytest.raises(ConfigError):
        place.load()


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("HEADRACE_WORKER_LEASE", "soon", "HEADRACE_WORKER_LEASE: worker.lease: 'soon' is not a duration"),
        ("HEADRACE_WORKER_UPKEEP", "maybe", "HEADRACE_WORKER_UPKEEP: worker.upkeep is true or false; got 'maybe'"),
        ("HEADRACE_WORKER_THREADS", "many", "HEADRACE_WORKER_THREADS: worker.threads is number or none; got 'many'"),
        ("HEADRACE_WORKER_QUEUES", "mail=x", "HEADRACE_WORKER_QUEUES: worker.queues is written NAME=N,NAME=N"),
        ("HEADRACE_WORKER_LEESE", "5s", "no setting HEADRACE_WORKER_LEESE; did you mean HEADRACE_WORKER_LEASE?"),
        ("HEADRACE_PROFILE", "prod", "no profile 'prod' in "),
    ],
)
def test_a_wrong_variable_is_told_by_its_name(place: Place, variable: str, value: str, told: str) -> None:
    assert place.problems(**{variable: value})[0].startswith(told)


def test_variables_of_others_with_the_same_beginning_are_let_alone(place: Place) -> None:
    assert place.problems(HEADRACE_ROUNDS="50") == []


def test_every_problem_is_told_not_only_the_first(place: Place) -> None:
    place.project('stoer = "x"\n[worker]\nlease = "x"\ngrace = "y"\n')

    assert len(place.problems(HEADRACE_STROE="z")) == 4


def test_what_is_wrong_stays_at_its_default(place: Place) -> None:
    place.project('[worker]\nlease = "x"\ngrace = "1m"\n')

    settings = inspect(place.folder, place.environment).settings

    assert (settings.worker.lease, settings.worker.grace) == (timedelta(seconds=30), timedelta(minutes=1))


def test_text_from_the_environment_becomes_what_the_setting_is(place: Place) -> None:
    settings = place.load(
        HEADRACE_WORKER_QUEUES="mail=20,default",
        HEADRACE_WORKER_UPKEEP="off",
        HEADRACE_WORKER_THREADS="4",
        HEADRACE_WORKER_FETCH_FAILURE_LIMIT="none",
        HEADRACE_WORKER_RETENTION_DEAD="7d",
        HEADRACE_STORE="",
    ).settings

    assert settings.worker.queues == {"mail": 20, "default": 10}
    assert (settings.worker.upkeep, settings.worker.threads, settings.worker.fetch_failure_limit) == (False, 4, None)
    assert (settings.worker.retention.dead, settings.store) == (timedelta(days=7), None)


def test_a_profile_is_chosen_by_argument_then_variable_then_use(place: Place) -> None:
    place.user('profile_in_use = "a"\n' + "".join(f'[profile.{n}]\nstore = "sqlite:///{n}.db"\n' for n in "abc"))

    def store(profile: str | None = None, **environment: str) -> str | None:
        return load(place.folder, {**place.environment, **environment}, profile=profile).settings.store

    assert store() == "sqlite:///a.db"
    assert store(HEADRACE_PROFILE="b") == "sqlite:///b.db"
    assert store("c", HEADRACE_PROFILE="b") == "sqlite:///c.db"


def test_a_profile_says_what_else_it_can_be(place: Place) -> None:
    place.user('[profile.p]\nstore = "sqlite:///p.db"\nprotected = true\nread_onyl = true\n')

    found = inspect(place.folder, place.environment, profile="p")

    assert (found.profile_settings.protected, found.profile_store) == (True, "sqlite:///p.db")
    assert "config.toml:4: no setting 'read_onyl'; did you mean 'read_only'?" in found.problems[0]


def test_every_setting_has_a_text() -> None:
    assert [
        key.name for key in all_keys().values() if key.text.startswith("see ") and "retention" not in key.name
    ] == []


def test_an_app_can_be_made_from_the_configuration(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", place.environment["XDG_CONFIG_HOME"])
    monkeypatch.delenv("HEADRACE_STORE", raising=False)
    place.project('store = "sqlite:///shop.db"\n[worker]\ngrace = "3s"\n')

    app = Headrace.from_config()

    assert "shop.db" in repr(app)
    assert app.worker_config.grace == timedelta(seconds=3)
    assert "memory" in repr(Headrace.from_config(place.folder, url="memory://"))
