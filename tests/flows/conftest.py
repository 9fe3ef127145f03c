"""A small night to work on: some articles and deliveries of the sample, and a home that is ready for one step."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from killing import run_steps

from pipelines.sources.sample import write_sample


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole sample, three nights."""
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, nights=3)
    return folder


@pytest.fixture(scope="session")
def small_nights(sample_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """Two small nights: options of `nightcap run nightly_corpus`."""
    target = tmp_path_factory.mktemp("small")
    out = []
    for night, n in (("2026-11-18", 12), ("2026-11-19", 40)):
        options = {"date": night}
        for part in ("articles", "curation"):
            folder = target / night / part
            files = sorted(p for p in (sample_folder / night / part).rglob("*") if p.is_file())
            tomls = [p for p in files if p.name == "delivery.toml"]
            for path in [*tomls, *[p for p in files if p.suffix == ".xml"][:n]]:
                copy = folder / path.relative_to(sample_folder / night / part)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, copy)
            options[part] = str(folder)
        out.append(options)
    return out


@pytest.fixture(scope="session")
def before_first_freeze(small_nights: list[dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which night one is checked and not frozen."""
    home = tmp_path_factory.mktemp("template") / "first"
    run_steps(home, small_nights[0], ["pull", "parse", "check"])
    return home


@pytest.fixture(scope="session")
def before_second_freeze(
    before_first_freeze: Path, small_nights: list[dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A home in which night one is closed and night two is checked and not frozen."""
    home = tmp_path_factory.mktemp("template") / "second"
    shutil.copytree(before_first_freeze, home, symlinks=True)
    run_steps(home, small_nights[0], ["pull", "freeze", "close"])
    run_steps(home, small_nights[1], ["pull", "parse", "check"])
    return home
