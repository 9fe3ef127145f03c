"""Read the landing again with today's parsers; only what they read otherwise becomes new rows.

Each closed run of a night that differs gets a further run of that night, whose manifest lists the files that differ; it
goes through parse, check, freeze and close like any other. Under the same date a newer parser's reading is current. The
old reading stays in history.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.clients.objectstore import LocalStore, ObjectStore, open_part, raw_key
from pipelines.clients.state import open_state
from pipelines.core.accounting import account_lines
from pipelines.core.hashing import canonical_json
from pipelines.core.records import UnitCounts
from pipelines.core.runs import Run
from pipelines.errors import UsageError
from pipelines.flows.execute import execute, night_keys, read_result, step_names
from pipelines.settings import Settings

Say = Callable[[str], None]
_FLOW = "nightly_corpus"


@dataclass(frozen=True)
class Asked:
    """Which files to read: of one format (jats, bioc-json, sourcedata-xml, …), of one document, or all of them."""

    parser: str | None = None
    doc: str | None = None

    @property
    def is_all(self) -> bool:
        return self.parser is None and self.doc is None


def reparse(settings: Settings, asked: Asked, say: Say) -> dict[str, Any]:
    """{runs: {run key: version or None}, n_files, n_differing, skipped: nights read by these parsers before}.

    A reparse that was ended goes on where it was. UsageError where a night is under way, or the document is unknown.
    """
    from pipelines.ingest.formats import parser_versions

    report: dict[str, Any] = {"runs": {}, "n_files": 0, "n_differing": 0, "skipped": 0, "formats": set()}
    _finish_begun(settings, report, say)
    wanted = _raw_of(settings, asked.doc) if asked.doc else None
    state, versions = open_state(settings), parser_versions()
    for key in _closed_runs(settings):
        if asked.is_all and state.watermark(f"reparsed/{key}") == versions:
            report["skipped"] += 1
            continue
        manifest = _differing(settings, key, asked, wanted, report)
        if manifest["entries"]:
            say(f"{key}: {len(manifest['entries'])} files are read otherwise now")
            run = _begin(settings, key, manifest)
            report["runs"][run] = _run_steps(settings, run, say)
        if asked.is_all:
            state.set_watermark(f"reparsed/{key}", versions)
    formats = report.pop("formats")
    if asked.parser and asked.parser not in formats:
        raise UsageError(
            f"no file of format {asked.parser!r} was pulled: {', '.join(sorted(formats)) or 'none at all'}"
        )
    return report


def _closed_runs(settings: Settings) -> Iterator[str]:
    """Keys of closed runs that pulled something themselves, in the order of their nights."""
    nights = sorted({p.name.partition(".")[0] for p in settings.path("runs", _FLOW).glob("*") if p.is_dir()})
    for night in nights:
        for key in night_keys(settings, dt.date.fromisoformat(night)):
            closed = read_result(settings, _FLOW, key, "close")
            if closed and closed.get("uri") and not _request(settings, key).get("reparse"):
                yield key


def _request(settings: Settings, key: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(LocalStore(settings.path("runs")).read(f"{_FLOW}/{key}/request.json"))
    return found


def _finish_begun(settings: Settings, report: dict[str, Any], say: Say) -> None:
    """Runs that an ended reparse left; another night that is not closed may bring the same files: it comes first."""
    for folder in sorted(p for p in settings.path("runs", _FLOW).glob("*") if (p / "request.json").is_file()):
        if read_result(settings, _FLOW, folder.name, "close"):
            continue
        if not _request(settings, folder.name).get("reparse"):
            raise UsageError(
                f"the night {folder.name} is not closed: finish it first (`nightcap run {_FLOW} --run {folder.name}`)"
            )
        report["runs"][folder.name] = _run_steps(settings, folder.name, say)


def _raw_of(settings: Settings, doc: str) -> set[str]:
    from pipelines.corpus.compare.step import raw_of_document

    found = raw_of_document(settings, doc)
    if not found:
        raise UsageError(f"no document {doc} in the corpus: `nightcap trace` and `nightcap sql` know its ids")
    return found


def _differing(
    settings: Settings, key: str, asked: Asked, wanted: set[str] | None, report: dict[str, Any]
) -> dict[str, list[dict[str, Any]]]:
    """The files of a run that give other records now, with their deliveries; nothing of what was withdrawn."""
    from pipelines.corpus.compare.step import known_contents, withdrawn_targets
    from pipelines.ingest.step import contents_of
    from pipelines.sources.manifests import read_manifest

    landing = open_part(settings, "landing")
    night, _, n = key.partition(".")
    manifest = read_manifest(landing, f"nights/{night}/manifest-{n or 0}.jsonl")
    gone = withdrawn_targets(settings)
    deliveries = {d["delivery_id"]: d for d in manifest["deliveries"] if not {d["delivery_id"], night} & gone}
    found: list[tuple[dict[str, Any], set[str]]] = []
    for entry in manifest["entries"]:
        if (data := _raw_bytes(landing, entry, deliveries, wanted)) is None:
            continue
        parser, contents = contents_of(data, entry, deliveries[entry["delivery_id"]])
        report["formats"].add(parser)
        if asked.parser in (None, parser):
            found.append((entry, contents))
    known = known_contents(settings, {c for _, contents in found for c in contents})
    out = [entry for entry, contents in found if contents - known]
    report["n_files"] += len(found)
    report["n_differing"] += len(out)
    used = {e["delivery_id"] for e in out}
    return {"entries": out, "deliveries": [d for i, d in deliveries.items() if i in used]}


def _raw_bytes(
    landing: ObjectStore, entry: Mapping[str, Any], deliveries: Mapping[str, Any], wanted: set[str] | None
) -> bytes | None:
    """The bytes of a file that was taken, is asked for, and was not withdrawn or purged."""
    sha = str(entry["raw_sha256"])
    is_due = entry["status"] == "valid" and entry["delivery_id"] in deliveries and (wanted is None or sha in wanted)
    return landing.read(raw_key(sha)) if is_due and landing.exists(raw_key(sha)) else None


def _begin(settings: Settings, source: str, manifest: Mapping[str, list[dict[str, Any]]]) -> str:
    """Manifest, account and request of the further run: what pull would have left, so that pull finds it done."""
    night = source.partition(".")[0]
    last = night_keys(settings, dt.date.fromisoformat(night))[-1]
    number = int(last.partition(".")[2] or 0) + 1
    run = Run(_FLOW, f"{night}.{number}", dt.date.fromisoformat(night))
    n = len(manifest["entries"])
    account = account_lines(run, "pull", {"file": UnitCounts(n_in=n, valid=n)})
    open_part(settings, "staging").write(f"{run.key}/pull/accounting.jsonl", account)
    rows = [{"row": "file", **e} for e in manifest["entries"]]
    rows += [{"row": "delivery", **d} for d in manifest["deliveries"]]
    lines = "".join(canonical_json(r) + "\n" for r in rows)
    open_part(settings, "landing").write(f"nights/{night}/manifest-{number}.jsonl", lines.encode())
    request = {"night": night, "reparse": source, "config": settings.config_name}
    LocalStore(settings.path("runs")).write(f"{_FLOW}/{run.key}/request.json", canonical_json(request).encode())
    return run.key


def _run_steps(settings: Settings, key: str, say: Say) -> str | None:
    """All steps of the run; the version it wrote, None where check or freeze left nothing."""
    for step in step_names(_FLOW):
        row = execute(settings, _FLOW, step, key, {})
        say(f"{key} {step}: {row.get('skipped') or row.get('message')}")
    frozen = read_result(settings, _FLOW, key, "freeze") or {}
    return None if frozen.get("skipped") else str(frozen["uri"])
