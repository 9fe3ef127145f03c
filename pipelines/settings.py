"""Settings: one function reads the environment and a configuration file; everything below takes what it returns."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import get_type_hints

from pipelines.core.configured import build
from pipelines.errors import UsageError

CONFIGS = ("demo", "nightly")


@dataclass(frozen=True)
class Home:
    data_kind: str


@dataclass(frozen=True)
class Storage:
    landing: str
    staging: str
    quarantine: str
    predictions: str
    reports: str
    outbox: str
    state: str
    corpus_git: str
    corpus_remote: str
    mlflow: str
    mlflow_artifacts: str


@dataclass(frozen=True)
class S3:
    endpoint_url: str
    region: str
    max_attempts: int


@dataclass(frozen=True)
class Source:
    location: str
    sender: str
    review_stage: str
    annotated_types: tuple[str, ...]
    has_roles: bool

    @property
    def place(self) -> str:
        return self.location


@dataclass(frozen=True)
class Pmc:
    """PMC Open Access on S3; `journals` are starts of the citation, `licences` codes; empty = all."""

    location: str
    endpoint_url: str
    region: str
    journals: tuple[str, ...]
    licences: tuple[str, ...]
    modified_since: str
    max_articles: int
    max_vanished_share: float

    @property
    def place(self) -> str:
        asked = {"journals": self.journals, "licences": self.licences, "modified_since": self.modified_since}
        wanted = [f"{k}={v if isinstance(v, str) else '|'.join(v)}" for k, v in asked.items() if v]
        return self.location and " ".join([self.location, *wanted])


@dataclass(frozen=True)
class EuropePmc:
    """Days and rates: `sources/feeds.py`, `clients/http.py`."""

    url: str
    query: str
    journals: tuple[str, ...]
    licences: tuple[str, ...]
    skip: tuple[str, ...]
    first_days: int
    overlap_days: int
    max_days: int
    wait_days: int
    max_again: int
    page_size: int
    rate_per_s: float
    fallback_for: str

    @property
    def place(self) -> str:
        asked = [self.query, *self.journals, "licences", *self.licences]
        return f"{self.url}?{'&'.join(asked)}" if self.url else ""


@dataclass(frozen=True)
class Biorxiv:
    url: str
    servers: tuple[str, ...]
    first_days: int
    overlap_days: int
    max_days: int
    rate_per_s: float

    @property
    def place(self) -> str:
        return f"{self.url}?{'&'.join(self.servers)}" if self.url else ""


@dataclass(frozen=True)
class SourceDataApi:
    """`user` and `password` come from the environment, in Airflow from the connection `sourcedata_api`."""

    url: str
    collection: str
    user: str
    password: str = field(repr=False)
    sender: str
    review_stage: str
    annotated_types: tuple[str, ...]
    has_roles: bool
    max_papers: int
    rate_per_s: float

    @property
    def place(self) -> str:
        return f"{self.url}?{self.collection}" if self.url else ""


@dataclass(frozen=True)
class Retractions:
    """A folder or s3:// prefix with lists of retracted papers and PubMed files. `ignore` stands in for pull.ignore,
    `max_file_mib` for pull.max_file_mib: what is no article there is a list here, and larger."""

    location: str
    sender: str
    ignore: tuple[str, ...]
    max_file_mib: int

    @property
    def place(self) -> str:
        return self.location


@dataclass(frozen=True)
class Sources:
    """Each has a `place`: its address and what is asked for there; empty where it takes no part in a night."""

    deposit: Source
    curation: Source
    pmc: Pmc
    europepmc: EuropePmc
    biorxiv: Biorxiv
    sourcedata_api: SourceDataApi
    retractions: Retractions

    def places(self) -> dict[str, str]:
        """Name → place of the sources that take part in every night."""
        found = {f.name: str(getattr(self, f.name).place) for f in dataclasses.fields(self)}
        if self.europepmc.fallback_for and self.europepmc.fallback_for not in found:
            raise UsageError(f"sources.europepmc.fallback_for must be one of {', '.join(found)}")
        return {name: place for name, place in found.items() if place}


@dataclass(frozen=True)
class Http:
    contact: str
    timeout_s: float
    retries: int
    first_wait_s: float


@dataclass(frozen=True)
class Pull:
    ignore: tuple[str, ...]
    max_file_mib: int
    workers: int
    alert_after_nights: int


@dataclass(frozen=True)
class Quality:
    max_rejected_share: float
    min_rows_for_share: int
    bands: tuple[str, ...]


@dataclass(frozen=True)
class Benchmark:
    min_documents: int
    min_spans: int


@dataclass(frozen=True)
class Train:
    profile: str
    tasks: tuple[str, ...]
    encoder: str
    kinds: tuple[str, ...]
    min_documents: int
    min_changed_share: float
    seed: int
    max_minutes_per_model: float


@dataclass(frozen=True)
class Gate:
    bootstrap_samples: int
    class_floor_drop: float


@dataclass(frozen=True)
class Predict:
    batch_words: int


@dataclass(frozen=True)
class Link:
    ontologies: tuple[str, ...]


@dataclass(frozen=True)
class Analytics:
    keep_generations: int
    memory_limit: str
    threads: int


@dataclass(frozen=True)
class Runtime:
    python: str
    step_timeout_minutes: int


@dataclass(frozen=True)
class Settings:
    """All of it. `root` is the home folder, absolute; `config_name` demo or nightly."""

    root: Path
    config_name: str
    home: Home
    storage: Storage
    s3: S3
    sources: Sources
    http: Http
    pull: Pull
    quality: Quality
    benchmark: Benchmark
    train: Train
    gate: Gate
    predict: Predict
    link: Link
    analytics: Analytics
    runtime: Runtime

    @property
    def is_synthetic(self) -> bool:
        return self.home.data_kind == "synthetic"

    def part(self, name: str) -> str:
        """Where a part of the home lies: the configured location, else the folder of that name below the root."""
        configured = getattr(self.storage, name, "")
        return str(configured) if configured else str(self.root / name)

    def path(self, *names: str) -> Path:
        """A local path below the home."""
        return self.root.joinpath(*names)


def check_home(settings: Settings) -> None:
    """Refuse a home that was made for the other kind of data."""
    path = settings.path("home.json")
    kind = str(json.loads(path.read_text())["data_kind"]) if path.is_file() else settings.home.data_kind
    if kind != settings.home.data_kind:
        raise UsageError(
            f"{settings.root} is a home for {kind} data, the configuration is for {settings.home.data_kind} data: "
            "use another --home or --config"
        )


def config_text(name: str) -> str:
    """Text of a shipped configuration, or of a .toml file by its path."""
    if name.endswith(".toml"):
        path = Path(name)
        if not path.is_file():
            raise UsageError(f"no configuration file {name}")
        return path.read_text()
    if name not in CONFIGS:
        raise UsageError(f"unknown configuration {name!r}: {' or '.join(CONFIGS)}, or the path of a .toml file")
    return (resources.files("pipelines") / "config" / f"{name}.toml").read_text()


def checkout_root(start: Path) -> Path:
    """The folder with data.dvc and pyproject.toml at or above `start`, else `start`."""
    for folder in (start, *start.parents):
        if (folder / "pyproject.toml").is_file() and (folder / "data.dvc").is_file():
            return folder
    return start


def default_home(start: Path) -> tuple[Path, bool]:
    """var/home of the checkout; var/demo (and True) where only the demo's exists."""
    root = checkout_root(start)
    home, demo = root / "var" / "home", root / "var" / "demo"
    is_demo = not home.exists() and (demo / "home.json").exists()
    return (demo, True) if is_demo else (home, False)


def _remembered_config(root: Path) -> str | None:
    path = root / "home.json"
    return str(json.loads(path.read_text())["config"]) if path.is_file() else None


def load(
    environ: Mapping[str, str], home: Path | str | None = None, config: str | None = None, start: Path | None = None
) -> Settings:
    """Settings from an environment, a home and a configuration.

    The configuration is, in this order: the argument, NIGHTCAP_CONFIG, what the home was made with, nightly.
    A variable NIGHTCAP_<SECTION>__<KEY> overrides one key. Errors: UsageError with the key's name.
    """
    chosen = home or environ.get("NIGHTCAP_HOME") or default_home(start or Path.cwd())[0]
    root = Path(chosen).expanduser().absolute()
    name = config or environ.get("NIGHTCAP_CONFIG") or _remembered_config(root) or "nightly"
    if name.endswith(".toml"):
        name = str(Path(name).absolute())
    try:
        data = tomllib.loads(config_text(name))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"configuration {name}: {error}") from error
    hints = get_type_hints(Settings)
    sections = {f.name for f in dataclasses.fields(Settings)} - {"root", "config_name"}
    if unknown := sorted(set(data) - sections):
        raise UsageError(f"unknown section [{unknown[0]}] in configuration {name}")
    built = {s: build(hints[s], data.get(s, {}), environ, f"{s}.") for s in sections}
    settings = Settings(root=root, config_name=name, **built)
    if settings.home.data_kind not in ("real", "synthetic"):
        raise UsageError(f"home.data_kind must be real or synthetic, not {settings.home.data_kind!r}")
    return settings


def current(home: Path | str | None = None, config: str | None = None) -> Settings:
    """Settings of this process: the only reader of the environment."""
    return load(os.environ, home, config)


def has_home_variable() -> bool:
    """True where NIGHTCAP_HOME names the home."""
    return bool(os.environ.get("NIGHTCAP_HOME"))


def now() -> str:
    """The time (UTC, whole seconds), for what was fetched when; nothing else of a step depends on it."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def today() -> str:
    """Today's date (UTC), the default night of a command; no step reads the clock for it."""
    return dt.datetime.now(dt.UTC).date().isoformat()


_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false", "DVC_NO_ANALYTICS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "TOKENIZERS_PARALLELISM": "false",
    "GX_ANALYTICS_ENABLED": "false", "OMP_WAIT_POLICY": "PASSIVE",  # waiting threads must not spin on a shared machine
}  # fmt: skip


def quiet_libraries() -> None:
    """Keep libraries from writing to the user's home, reporting home and drawing bars: some look only at import."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)


def tomorrow() -> str:
    """The last night that a command accepts: where the clock is ahead of UTC, today may be tomorrow."""
    return (dt.datetime.now(dt.UTC).date() + dt.timedelta(1)).isoformat()


def is_child() -> bool:
    """True in a step that the runner started: it holds a lifeline."""
    return os.environ.get("NIGHTCAP_LIFELINE") == "1"


def child_environment() -> dict[str, str]:
    """The environment that a child process inherits, for clients that start programs."""
    return dict(os.environ)
