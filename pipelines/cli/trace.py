"""What `nightcap trace` shows: a row, and the whole way back from it to the raw bytes and on to the models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from pipelines.analytics.generations import Generations
from pipelines.analytics.sqlfiles import sql as sql_text
from pipelines.cli.common import table_console
from pipelines.clients.corpus_repo import CorpusRepo
from pipelines.clients.objectstore import open_part, raw_key
from pipelines.clients.published import select_rows
from pipelines.errors import UsageError
from pipelines.settings import Settings

_TRACES = ("mention", "annotation", "panel", "figure", "document", "delivery", "quarantine")

Row = dict[str, Any]


def collect_trace(settings: Settings, identifier: str) -> Row:
    """Where a mention, annotation, panel, figure, document, delivery or rejected unit comes from, to the raw bytes.

    An id from before two documents proved to be one finds what it names now. `chain`: the steps of the way, each with
    its `step` and `id`, models that learnt from the document last. Errors: UsageError where nothing is published or
    nothing has this id.
    """
    for kind in _TRACES:
        rows = _select(settings, f"trace_{kind}", identifier.strip())
        if rows:
            row = rows[0]
            return {**row, **_landing(settings, row), "chain": list(_chain(settings, row))}
    raise UsageError(
        f"nothing has the id {identifier!r}: give the id of a mention, annotation, panel, figure, delivery or issue, "
        "or any id of a document"
    )


def _select(settings: Settings, name: str, identifier: object) -> list[Row]:
    path = Generations(settings.path("analytics")).pointer
    rows = select_rows(path, settings, sql_text(name), {"id": identifier})
    return [{k: v if isinstance(v, (str, int, float, bool, list)) or v is None else str(v) for k, v in r.items()}
            for r in rows]  # fmt: skip


def _chain(settings: Settings, row: Row) -> Iterator[Row]:
    """The row, its figure, document, raw object, delivery and corpus version, and the models that learnt from it."""
    yield {"step": row["kind"], "id": row["id"]}
    figure, doc_id, raw, delivery_id = (row.get(n) for n in ("figure_id", "doc_id", "raw_sha256", "delivery_id"))
    if figure and row["kind"] != "figure":
        yield {"step": "figure", "id": figure}
    documents = _select(settings, "trace_document", doc_id) if doc_id else []
    for found in documents if row["kind"] != "document" else ():
        yield {"step": "document", **{n: found[n] for n in ("id", "title", "status", "split")}}
    if raw:
        key, store = raw_key(str(raw)), open_part(settings, "landing")
        yield {"step": "raw object", "id": raw, "uri": store.uri(key), "is_there": store.exists(key)}
    for found in _select(settings, "trace_delivery", delivery_id) if delivery_id and row["kind"] != "delivery" else ():
        wanted = ("id", "source", "sender", "name", "review_stage", "stated_date", "is_withdrawn")
        yield {"step": "delivery", **{n: found[n] for n in wanted}}
    if delivery_id:
        yield from _versions(settings, str(delivery_id))
    if any(d["split"] == "train" for d in documents):
        from pipelines.train.step import models_that_learnt  # reads the corpus, and takes seconds to import

        for model in models_that_learnt(settings, str(doc_id)):
            about = ("alias", "tagger", "corpus_version", "run_id")
            yield {"step": "model", "id": f"{model['task']}/{model['model_version']}",
                   **{n: model[n] for n in about}}  # fmt: skip


def _versions(settings: Settings, delivery_id: str) -> Iterator[Row]:
    """The run that brought a delivery, with the version that it made; of one that was read again each of them."""
    night, landing = delivery_id.split(":")[1], open_part(settings, "landing")
    repo = CorpusRepo(settings)
    made = {m.get("run_key"): m["tag"] for m in repo.manifests()} if repo.exists() else {}
    for item in landing.iter_objects(f"nights/{night}/manifest-"):
        lines = (json.loads(x) for x in landing.read(item.key).decode().splitlines() if delivery_id in x)
        if any(r["row"] == "delivery" and r["delivery_id"] == delivery_id for r in lines):
            n = item.key.rpartition("-")[2].removesuffix(".jsonl")
            key = f"{night}.{n}" if int(n) else night
            yield {"step": "night", "id": key, "corpus_version": made.get(key)}


def _landing(settings: Settings, row: Row) -> Row:
    """The raw object, and the names under which it was delivered in that night or, for a file seen before, another."""
    store = open_part(settings, "landing")
    sha = str(row["raw_sha256"] or "")
    if not sha:
        return {"raw_uri": None, "is_raw_there": False, "file_names": []}
    names: list[str] = []
    for prefix in (f"nights/{row['night']}/", "nights/"):
        names = sorted(
            {n for i in store.iter_objects(prefix) if "/manifest-" in i.key for n in _names(store.read(i.key), sha)}
        )
        if names:
            break
    key = raw_key(sha)
    return {"raw_uri": store.uri(key), "is_raw_there": store.exists(key), "file_names": names}


def _names(manifest: bytes, sha: str) -> list[str]:
    rows = [json.loads(line) for line in manifest.splitlines() if sha.encode() in line]
    return [str(r["name"]) for r in rows if r.get("raw_sha256") == sha]


def render_trace(data: Row, console: Console | None = None) -> None:
    """The row, then one line a step of the way back."""
    out = console or table_console()
    what = (
        f"{data['text']!r} ({data['entity_type']})"
        if data.get("text")
        else data.get("title") or data.get("label") or ""
    )
    out.print(f"[bold]{data['kind']}[/] {escape(str(data['id']))} {escape(str(what))}")
    out.print(_facts({k: v for k, v in data.items() if k not in ("kind", "id", "text", "entity_type", "chain")}))
    way = Table(Column(), Column(overflow="fold"), Column(overflow="fold"), show_header=False, box=None)
    for step in data["chain"]:
        facts = ((k, v) for k, v in step.items() if k not in ("step", "id") and v not in (None, ""))
        said = (f"{k.replace('_', ' ')} {v}" for k, v in facts)
        way.add_row(f"← {step['step']}" if step["step"] != "model" else "→ model", escape(str(step["id"])),
                    escape(", ".join(said)))  # fmt: skip
    out.print(way)


def _facts(data: Row) -> Table:
    table = Table(Column(), Column(overflow="fold"), show_header=False, box=None)
    for name, value in data.items():
        if value not in (None, "", []):
            words = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            table.add_row(name.replace("_", " "), escape(words))
    return table
