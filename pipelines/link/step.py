"""Link the mention texts that are new since the last time. The only part of the stage that meets services.

    predictions/
      links.json                          which set of links is in use
      links/<fingerprint>/part-*.parquet  one row a (type, text), linked or not
      links/<fingerprint>/done.json       parts of the predictions whose texts are all in there

The fingerprint is of the ontology files and of the linker, so that another file makes another set.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.clients.corpus_repo import CorpusRepo
from pipelines.clients.objectstore import ObjectStore, open_part, open_store
from pipelines.core.hashing import content_hash, sha256_bytes
from pipelines.core.predictions import complete_parts
from pipelines.core.runs import Run, StageResult
from pipelines.core.tables import parquet_bytes
from pipelines.errors import UsageError
from pipelines.link.linker import LINKER_VERSION, LINKS, Linker, Name, link_names
from pipelines.link.ontologies import read_ontology
from pipelines.settings import Settings

_POINTER = "links.json"
_READABLE = (".tsv", ".obo", ".txt", ".gene_info", ".tsv.gz", ".obo.gz", ".txt.gz", ".gene_info.gz", ".zip")


def _ontology_files(settings: Settings) -> list[tuple[str, bytes]]:
    """(name, bytes) of every configured file in order; a folder stands for the readable files in it."""
    out: list[tuple[str, bytes]] = []
    for configured in settings.link.ontologies:
        if configured.startswith("s3://"):
            folder, _, name = configured.rpartition("/")
            out.append((name, open_store(folder, settings).read(name)))
            continue
        path = Path(configured).expanduser()
        if "*" in path.name:  # a pattern may match nothing, below the home unless it is absolute
            base = path.parent if path.is_absolute() else settings.path(str(path.parent))
            out += [(p.name, p.read_bytes()) for p in sorted(base.glob(path.name))]
            continue
        path = path if path.is_absolute() else next((p for p in (settings.path(configured), path) if p.exists()), path)
        if not path.exists():
            raise UsageError(f"ontology {configured} does not exist (setting link.ontologies)")
        files = sorted(p for p in path.iterdir() if p.name.endswith(_READABLE)) if path.is_dir() else [path]
        out += [(p.name, p.read_bytes()) for p in files]
    return out


def _json(store: ObjectStore, key: str) -> dict[str, object]:
    value: dict[str, object] = json.loads(store.read(key)) if store.exists(key) else {}
    return value


def _new_parts(store: ObjectStore, ner: str, done: Iterable[str]) -> list[str]:
    known = set(done)
    return [k for k in complete_parts(i.key for i in store.iter_objects(f"ner/{ner}/")) if k not in known]


def _read(store: ObjectStore, key: str) -> pa.Table:
    return pq.read_table(io.BytesIO(store.read(key)))


def _legends(settings: Settings, wanted: set[str]) -> dict[str, str]:
    """Legends by hash, searched from the newest version backwards: the cost is that of what is new."""
    repo = CorpusRepo(settings)
    found: dict[str, str] = {}
    for file in sorted(repo.files("HEAD", ["figures"]), key=lambda f: -f.seq):
        missing = wanted - found.keys()
        if not missing:
            break
        columns = ["legend_sha256", "legend"]
        rows = pq.read_table(file.path, columns=columns, filters=[("legend_sha256", "in", sorted(missing))])
        found |= {r["legend_sha256"]: r["legend"] for r in rows.to_pylist()}
    return found


def _names_in(spans: pa.Table, legends: Mapping[str, str]) -> set[Name]:
    return {
        (row["label"], legends[row["legend_sha256"]][row["start_offset"] : row["end_offset"]])
        for row in spans.to_pylist()
        if row["legend_sha256"] in legends
    }


def _linked_names(store: ObjectStore, prefix: str) -> set[Name]:
    keys = [i.key for i in store.iter_objects(prefix) if i.key.endswith(".parquet")]
    return {
        (r["entity_type"], r["name"]) for k in keys for r in _read(store, k).select(["entity_type", "name"]).to_pylist()
    }


def _link_new(files: Sequence[tuple[str, bytes]], names: set[Name]) -> pa.Table:
    linker = Linker(names)
    for number, (name, data) in enumerate(files):
        linker.add(name, number, read_ontology(name, data))
    return link_names(linker, names)


def _take_in_use(store: ObjectStore, fingerprint: str) -> bool:
    """Name the set of links that publish uses; True where that changed."""
    if _json(store, _POINTER).get("fingerprint") == fingerprint:
        return False
    store.write(_POINTER, json.dumps({"fingerprint": fingerprint}).encode())
    return True


def run(settings: Settings, run: Run) -> StageResult:
    """Link what the serving NER model read and no earlier run linked.

    Output: a part of links below predictions/. Skipped without an ontology, without a serving NER model, and where no
    text is new. Errors: UsageError for an ontology that does not exist or cannot be read.
    """
    store = open_part(settings, "predictions")
    files = _ontology_files(settings)
    if not files:
        if store.exists(_POINTER):
            _take_in_use(store, "none")
        return StageResult(
            skipped="no ontology is configured (setting link.ontologies): mentions keep curators' ids only"
        )
    tasks = _json(store, "serving.json").get("tasks")
    ner = tasks.get("ner") if isinstance(tasks, dict) else None
    if not ner:
        return StageResult(skipped="no ner model serves yet: there is nothing to link")
    fingerprint = content_hash([LINKER_VERSION, [[n, sha256_bytes(d)] for n, d in files]])[:16]
    prefix = f"links/{fingerprint}/"
    done = _json(store, f"{prefix}done.json").get("parts", [])
    assert isinstance(done, list)
    parts = _new_parts(store, str(ner["fingerprint"]), () if run.is_forced else done)
    if not parts:
        if _take_in_use(store, fingerprint):
            return StageResult(store.uri(prefix), {}, fingerprint, message="another set of links is in use")
        return StageResult(skipped="every mention text was linked before")
    spans = pa.concat_tables([_read(store, key) for key in parts])
    legends = _legends(settings, set(spans.column("legend_sha256").to_pylist()))
    names = _names_in(spans, legends) - _linked_names(store, prefix)
    table = _link_new(files, names) if names else LINKS.empty_table()
    if table.num_rows:
        data = parquet_bytes(table)
        store.write(f"{prefix}part-{sha256_bytes(data)[:16]}.parquet", data)
    store.write(f"{prefix}done.json", json.dumps({"parts": sorted({*map(str, done), *parts})}).encode())
    _take_in_use(store, fingerprint)
    n_linked = table.num_rows - table.column("ext_id").null_count
    counts = {"names": table.num_rows, "linked": n_linked}
    return StageResult(
        store.uri(prefix), counts, fingerprint, message=f"{n_linked} of {table.num_rows} new names linked"
    )
