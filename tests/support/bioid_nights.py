"""Bio-ID as nightly deliveries: the 500 files in eight batches, with corrections, a deletion and a stale copy."""

from __future__ import annotations

import hashlib
import re
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.clients import warehouse
from pipelines.clients.corpus_repo import CorpusRepo
from pipelines.corpus.compare.step import compute_digest
from pipelines.flows.execute import execute
from pipelines.settings import Settings, load

Files = Mapping[str, bytes]
STEPS = ("pull", "parse", "check", "freeze", "close")
_ANNOTATION = re.compile(rb"\s*<annotation id=.*?</annotation>", re.S)
_UNIPROT = re.compile(rb"(<infon key=\"type\">)Uniprot:\w+")


@dataclass(frozen=True)
class Delivery:
    name: str
    files: Files
    stated: str | None = None

    def write(self, folder: Path) -> None:
        """Its files in the order of the mapping, and delivery.toml where it states a date."""
        (folder / self.name).mkdir(parents=True)
        for name, data in self.files.items():
            (folder / self.name / name).write_bytes(data)
        if self.stated:
            (folder / self.name / "delivery.toml").write_text(f"date = {self.stated}\n")


def read_bioid(shared_data: Path) -> dict[str, bytes]:
    """All files by name."""
    with tarfile.open(shared_data / "corpora" / "bioid" / "caption_bioc.tar.gz") as archive:
        members = sorted((m for m in archive if m.name.endswith(".xml")), key=lambda m: m.name)
        return {Path(m.name).name: archive.extractfile(m).read() for m in members}  # type: ignore[union-attr]


def eighths(files: Files) -> list[dict[str, bytes]]:
    """The files in eight batches, by hash of their names."""
    out: list[dict[str, bytes]] = [{} for _ in range(8)]
    for name, data in files.items():
        out[hashlib.sha256(name.encode()).digest()[0] % 8][name] = data
    return out


def n_annotations(files: Files) -> int:
    """Annotations as delivered, counted in the bytes."""
    return sum(len(_ANNOTATION.findall(data)) for data in files.values())


def with_changed_id(data: bytes, accession: str) -> bytes:
    """The file with its first UniProt id changed."""
    changed, n = _UNIPROT.subn(rb"\1Uniprot:" + accession.encode(), data, count=1)
    assert n == 1
    assert changed != data
    return changed


def without_first(data: bytes) -> bytes:
    """The file with its first annotation taken out."""
    changed, n = _ANNOTATION.subn(b"", data, count=1)
    assert n == 1
    return changed


def home_of(folder: Path) -> Settings:
    return load({}, folder, "nightly")


def run_night(settings: Settings, night: str, deliveries: Sequence[Delivery], steps: Sequence[str] = STEPS) -> None:
    """Steps of one night over these deliveries, written to a folder beside the home unless they are there already."""
    folder = settings.root.with_name(f"{settings.root.name}-in") / night
    if not folder.exists():
        for delivery in deliveries:
            delivery.write(folder)
    key = None
    for step in steps:
        options = {"date": night, "curation": str(folder)}
        key = str(execute(settings, "nightly_corpus", step, key, options)["run"])


def digest(settings: Settings) -> str:
    return compute_digest(settings, CorpusRepo(settings).files())


def corpus_md5(settings: Settings) -> str:
    return CorpusRepo(settings).head_md5()


def query(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    con = warehouse.connect(settings)
    warehouse.attach_corpus(con, CorpusRepo(settings).files())
    rows: list[tuple[object, ...]] = con.sql(sql).fetchall()
    con.close()
    return rows
