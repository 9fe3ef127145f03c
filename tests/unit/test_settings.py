"""Settings: one reader, unknown and missing keys named, the environment above the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors import UsageError
from pipelines.settings import config_text, default_home, load


def test_environment_overrides_one_key(tmp_path: Path) -> None:
    environ = {"NIGHTCAP_S3__ENDPOINT_URL": "http://127.0.0.1:9", "NIGHTCAP_ANALYTICS__THREADS": "1",
               "NIGHTCAP_TRAIN__TASKS": '["ner"]'}  # fmt: skip
    loaded = load(environ, tmp_path, "demo")
    assert (loaded.s3.endpoint_url, loaded.analytics.threads, loaded.train.tasks) == ("http://127.0.0.1:9", 1, ("ner",))


def test_unknown_and_missing_keys_are_named(tmp_path: Path) -> None:
    text = config_text("demo")
    unknown = tmp_path / "unknown.toml"
    unknown.write_text(text.replace("[pull]", "[pull]\nspeed = 3"))
    with pytest.raises(UsageError, match=r"unknown setting pull\.speed"):
        load({}, tmp_path, str(unknown))
    missing = tmp_path / "missing.toml"
    missing.write_text("\n".join(line for line in text.splitlines() if not line.startswith("workers")))
    with pytest.raises(UsageError, match=r"missing setting pull\.workers"):
        load({}, tmp_path, str(missing))


@pytest.mark.parametrize(
    ("variable", "value"), [("NIGHTCAP_PULL__MAX_FILE_MIB", "many"), ("NIGHTCAP_TRAIN__KINDS", '"crf"')]
)
def test_a_value_of_the_wrong_type_is_an_error(tmp_path: Path, variable: str, value: str) -> None:
    with pytest.raises(UsageError, match=variable):
        load({variable: value}, tmp_path, "demo")


def test_parts_lie_in_the_home_unless_they_are_moved(tmp_path: Path) -> None:
    loaded = load({"NIGHTCAP_STORAGE__LANDING": "s3://b/landing"}, tmp_path, "demo")
    assert loaded.part("landing") == "s3://b/landing"
    assert loaded.part("staging") == str(tmp_path / "staging")


def test_the_home_remembers_its_configuration(tmp_path: Path) -> None:
    (tmp_path / "home.json").write_text('{"config": "demo", "data_kind": "synthetic"}')
    assert load({}, tmp_path).config_name == "demo"
    assert load({}, tmp_path, "nightly").config_name == "nightly"


def test_the_demo_is_taken_where_only_it_exists(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "data.dvc"):
        (tmp_path / name).touch()
    assert default_home(tmp_path / "below") == (tmp_path / "var" / "home", False)
    (tmp_path / "var" / "demo").mkdir(parents=True)
    (tmp_path / "var" / "demo" / "home.json").touch()
    assert default_home(tmp_path / "below") == (tmp_path / "var" / "demo", True)
    (tmp_path / "var" / "home").mkdir()
    assert default_home(tmp_path) == (tmp_path / "var" / "home", False)
