"""A setting is changed in place: the file says the new thing, and everything else stays as it was."""

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.config.edit import set_value, unset_value
from headrace.config.keys import Key, all_keys
from headrace.config.load import load
from headrace.config.profiles import Profiles
from headrace.config.values import from_text, from_toml, to_text, to_toml
from headrace.errors import ConfigError

FILE = """\
# where the jobs live
store = "sqlite:///jobs.db"  # one file

[worker]  # all of them
lease = "20s"   # short
queues = {
  mail = 20,
}

[other.table]
note = \"\"\"
[worker]
lease = "not this one"
\"\"\"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "headrace.toml"
    # TOML 1.0 has no inline tables over several lines; an array is the value that may go on over lines.
    path.write_text(FILE.replace("queues = {\n  mail = 20,\n}", "hosts = [\n  'a',\n  'b',\n]"))
    return path


def changed(file: Path, name: str, value: object) -> tuple[list[str], list[str]]:
    """The lines that went and those that came."""
    before = file.read_text().splitlines()
    set_value(file, name.split("."), value)
    after = file.read_text().splitlines()
    return [line for line in before if line not in after], [line for line in after if line not in before]


def test_a_value_is_changed_where_it_stands_and_keeps_its_comment(file: Path) -> None:
    assert changed(file, "worker.lease", "40s") == (['lease = "20s"   # short'], ['lease = "40s"  # short'])


def test_a_new_value_joins_its_table(file: Path) -> None:
    assert changed(file, "worker.grace", timedelta(minutes=1)) == ([], ['grace = "1m"'])
    assert tomllib.loads(file.read_text())["worker"]["grace"] == "1m"


def test_a_new_table_goes_to_the_end_and_a_new_top_value_before_the_tables(file: Path) -> None:
    assert changed(file, "log.format", "json") == ([], ["[log]", 'format = "json"'])
    assert changed(file, "app", "a:b") == ([], ['app = "a:b"'])
    assert tomllib.loads(file.read_text())["app"] == "a:b"


def test_a_value_over_several_lines_is_replaced_whole(file: Path) -> None:
    set_value(file, ["worker", "hosts"], ["c"])

    assert tomllib.loads(file.read_text())["worker"]["hosts"] == ["c"]
    assert "'b'" not in file.read_text()


def test_a_value_is_taken_out_and_all_else_stays(file: Path) -> None:
    before = file.read_text()

    assert unset_value(file, ["worker", "lease"])
    assert not unset_value(file, ["worker", "lease"])
    assert file.read_text() == before.replace('lease = "20s"   # short\n', "")


def test_what_cannot_be_changed_for_certain_is_left_alone(file: Path) -> None:
    file.write_text('worker = { lease = "1s" }\n')

    with pytest.raises(ConfigError, match=r"edit worker\.lease there"):
        set_value(file, ["worker", "lease"], "2s")
    assert file.read_text() == 'worker = { lease = "1s" }\n'


def test_a_broken_file_is_left_alone(file: Path) -> None:
    file.write_text("[worker\n")

    with pytest.raises(ConfigError, match="not TOML"):
        set_value(file, ["app"], "a:b")
    assert file.read_text() == "[worker\n"


_BY_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: st.integers(1, 1 << 40),
    float: st.floats(0, 1e6),
    str: st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), min_size=1, max_size=20),
    timedelta: st.integers(100, 3_600_000).map(lambda ms: timedelta(milliseconds=ms)),
    type(None): st.none(),
    Mapping[str, int]: st.dictionaries(
        st.from_regex(r"[a-z][a-z.-]{0,8}", fullmatch=True), st.integers(1, 99), min_size=1, max_size=3
    ),
}


def values_of(key: Key) -> st.SearchStrategy[Any]:
    """Values that the setting takes, by its type."""
    if key.name == "server.token":  # few short texts are one
        return st.none() | st.text(st.characters(categories=("L", "N")), min_size=16, max_size=40)
    kinds = [key.kind] if key.kind in _BY_TYPE else get_args(key.kind)
    tries = [_BY_TYPE.get(kind, st.just(kind)) for kind in kinds]
    return st.one_of(tries).filter(lambda value: _takes(key, value))


def _takes(key: Key, value: object) -> bool:
    try:
        return bool(from_toml(key, to_toml_document(value)) == value)
    except ConfigError:
        return False


def to_toml_document(value: object) -> Any:
    return tomllib.loads(f"x = {to_toml(value)}")["x"]


@pytest.mark.parametrize("key", all_keys().values(), ids=lambda key: key.name)
@settings(max_examples=15)
@given(data=st.data())
def test_a_value_that_is_written_is_read_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, key: Key, data: st.DataObject
) -> None:
    value = data.draw(values_of(key))
    folder = tmp_path_factory.mktemp("config")

    set_value(folder / "headrace.toml", key.path, value)

    assert load(folder, {"XDG_CONFIG_HOME": str(folder)}).value(key.name) == value


@pytest.mark.parametrize(
    "key", [key for key in all_keys().values() if key.default is not None], ids=lambda key: key.name
)
def test_a_default_as_text_is_read_back_the_same(key: Key) -> None:
    assert from_text(key, to_text(key.default)) == key.default


def test_profiles_are_made_used_and_taken_out(tmp_path: Path) -> None:
    profiles = Profiles(tmp_path / "deep" / "config.toml")
    for name in ("prod", "local"):
        profiles.create(name, {"store": f"sqlite:///{name}.db", "worker.lease": timedelta(seconds=5)})

    assert [profiles.use(name) for name in ("prod", "local", "-", "-")] == ["prod", "local", "prod", "local"]
    profiles.delete("local")
    assert (list(profiles.all()), profiles.in_use()) == (["prod"], None)
    with pytest.raises(ConfigError, match="did you mean 'prod'"):
        profiles.use("prd")
    with pytest.raises(ConfigError, match="already"):
        profiles.create("prod", {"store": "x"})
    with pytest.raises(ConfigError, match="no name for a profile"):
        profiles.create("a b", {"store": "x"})
