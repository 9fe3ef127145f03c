"""Pull: list every source, land what is new, write the night's manifest last.

Output: landing/sha256/… (raw bytes), landing/nights/<date>/manifest-<n>.jsonl (one row per file, then its deliveries),
staging/<key>/pull/listings/ (what the next night compares with, made final by close) and the accounts. A source that
cannot be read is missing from the night, said so, and the others go on; where none can be read the night fails.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipelines.clients.objectstore import ObjectInfo, ObjectStore, open_part, open_store, put_raw
from pipelines.core.accounting import account_lines
from pipelines.core.hashing import canonical_json, content_hash, sha256_bytes, short_hash
from pipelines.core.records import Reason, Rejection, UnitCounts
from pipelines.core.runs import Run, StageResult
from pipelines.errors import PermanentError, RejectedInput, TransientError, UsageError
from pipelines.settings import Settings, Source
from pipelines.sources.archives import IgnoredMember, is_archive, iter_members
from pipelines.sources.deliveries import (
    DELIVERY_FILE,
    DeliveryInfo,
    Entry,
    comes_in_parts,
    count_files,
    delivery_hash,
    delivery_name,
    ignore_patterns,
    is_ignored,
    number_deliveries,
    read_delivery,
    stated_format,
)  # fmt: skip

#: Progress of long work: called with (done, total, what).
Progress = Callable[[int, int, str], None]
_EXAMPLES = 3


@dataclass
class _Pulled:
    entries: list[Entry]
    deliveries: list[dict[str, object]]
    listing: dict[str, list[object]]


@dataclass(frozen=True)
class Preview:
    """What a pull would do with the files of one source, by its listing alone: nothing is read, but for the names.

    `n_bytes` are those of new and changed files, `n_packed` of them lie in archives; `examples` names some.
    """

    n_files: int
    n_new: int
    n_changed: int
    n_unchanged: int
    n_ignored: int
    n_vanished: int
    n_bytes: int
    n_packed: int
    examples: tuple[str, ...]


def preview(settings: Settings, source: str, location: str) -> Preview:
    """Compare the location's listing with the one that the last closed night left. Errors: as `run`."""
    known = _read_listing(open_part(settings, "landing"), source, location)
    config: Source = getattr(settings.sources, source)
    everything = _look(settings, config, _open_location(location, settings))
    listed = [f for f in everything if not f.is_ignored]
    is_known = {f.key: known.get(f.key, ["", ""])[:2] == [f.item.etag, f.terms] for f in listed}
    fresh = [f for f in listed if not is_known[f.key]]
    n_changed = sum(f.key in known for f in fresh)
    return Preview(
        len(everything), len(fresh) - n_changed, n_changed, sum(is_known.values()), len(everything) - len(listed),
        len(known.keys() - {f.key for f in everything}), sum(f.item.size for f in fresh),
        sum(f.item.size for f in fresh if is_archive(f.key)), tuple(f.key for f in fresh[:_EXAMPLES]),
    )  # fmt: skip


def manifest_keys(landing: ObjectStore, night: dt.date) -> list[str]:
    """Keys of a night's manifests in their order."""
    found = [o.key for o in landing.iter_objects(f"nights/{night.isoformat()}/manifest-")]
    return sorted(found, key=lambda k: int(re.findall(r"manifest-(\d+)", k)[-1]))


def read_manifest(landing: ObjectStore, key: str) -> dict[str, Any]:
    """{"entries": [...], "deliveries": [...], "sources_missing": [...]} of a manifest."""
    out: dict[str, Any] = {"entries": [], "deliveries": [], "sources_missing": {}}
    for line in landing.read(key).decode().splitlines():
        row = json.loads(line)
        kind = row.pop("row")
        if kind == "missing":
            out["sources_missing"][row["source"]] = row["why"]
        else:
            out["entries" if kind == "file" else "deliveries"].append(row)
    return out


def run(settings: Settings, run: Run, progress: Progress | None = None) -> StageResult:
    """Land what the request's sources hold and the corpus has not seen."""
    if run.night is None:
        raise PermanentError("pull needs a night")
    landing, staging = open_part(settings, "landing"), open_part(settings, "staging")
    n = int(run.key.partition(".")[2] or 0)
    key = f"nights/{run.night.isoformat()}/manifest-{n}.jsonl"
    if landing.exists(key):
        manifest = read_manifest(landing, key)
        return _result(manifest["entries"], manifest["sources_missing"], landing.uri(key), _accounts(staging, run))
    pulled, missing = _pull_sources(settings, run, landing, progress)
    entries = [e for p in pulled.values() for e in p.entries]
    counts = count_files(entries)
    if n and not (counts.valid or counts.quarantined):
        return StageResult(skipped=f"nothing new since the last run of {run.night}")
    for source, part in pulled.items():
        _write_listing(staging, run, source, run.text(source) or "", part.listing)
    staging.write(f"{run.key}/pull/accounting.jsonl", account_lines(run, "pull", {"file": counts}))
    lines = [canonical_json({"row": "file", **e.to_dict()}) for e in entries if e.status != "unchanged"]
    lines += [canonical_json({"row": "delivery", **d}) for p in pulled.values() for d in p.deliveries]
    lines += [canonical_json({"row": "missing", "source": s, "why": why}) for s, why in missing.items()]
    landing.write(key, "".join(line + "\n" for line in lines).encode())
    return _result([e.to_dict() for e in entries], missing, landing.uri(key), counts)


def _accounts(staging: ObjectStore, run: Run) -> UnitCounts:
    row = json.loads(staging.read(f"{run.key}/pull/accounting.jsonl"))
    return UnitCounts(**{k: row[k] for k in UnitCounts.__dataclass_fields__})


def _result(entries: list[dict[str, Any]], missing: Mapping[str, str], uri: str, counts: UnitCounts) -> StageResult:
    fingerprint = content_hash(sorted((e["source"], e["name"], e["raw_sha256"], e["status"]) for e in entries
                                      if e["status"] != "unchanged"))  # fmt: skip
    message = ", ".join(f"{n} {k}" for k, n in vars(counts).items() if n and k != "n_in") or "no files"
    if missing:
        message += "; missing: " + "; ".join(f"{s} ({why})" for s, why in missing.items())
    return StageResult(uri, vars(counts), fingerprint, None, message, {"sources_missing": dict(missing)})


def _pull_sources(
    settings: Settings, run: Run, landing: ObjectStore, progress: Progress | None
) -> tuple[dict[str, _Pulled], dict[str, str]]:
    pulled: dict[str, _Pulled] = {}
    missing: dict[str, str] = {}
    asked = [s for s in ("deposit", "curation") if run.text(s)]
    errors: list[TransientError | PermanentError] = []
    for source in asked:
        config: Source = getattr(settings.sources, source)
        try:
            pulled[source] = _pull(settings, run, landing, source, config, progress)
        except (TransientError, PermanentError) as error:
            missing[source] = str(error)
            errors.append(error)
    if errors and not pulled:
        raise errors[0]
    return pulled, missing


def _earlier_deliveries(landing: ObjectStore, run: Run, source: str) -> int:
    assert run.night is not None
    n = int(run.key.partition(".")[2] or 0)
    keys = [k for k in manifest_keys(landing, run.night) if int(re.findall(r"manifest-(\d+)", k)[-1]) < n]
    return sum(1 for k in keys for d in read_manifest(landing, k)["deliveries"] if d["source"] == source)


def _listing_name(source: str, location: str) -> str:
    return f"{source}-{short_hash(location)}.json"


def _write_listing(
    staging: ObjectStore, run: Run, source: str, location: str, listing: Mapping[str, list[object]]
) -> None:
    key = f"{run.key}/pull/listings/{_listing_name(source, location)}"
    staging.write(key, canonical_json(listing).encode())


def _read_listing(landing: ObjectStore, source: str, location: str) -> dict[str, list[Any]]:
    key = f"listings/{_listing_name(source, location)}"
    known: dict[str, list[Any]] = json.loads(landing.read(key)) if landing.exists(key) else {}
    return known


def _open_location(location: str, settings: Settings) -> ObjectStore:
    if not location.startswith("s3://") and not Path(location).is_dir():
        raise UsageError(f"{location} is no folder: name the folder (or s3:// prefix) that holds the deliveries")
    return open_store(location, settings)


def printable(name: str) -> str:
    """A file name as text: bytes that are no UTF-8 are shown as \\xe9."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


@dataclass(frozen=True)
class _Listed:
    """One file of a location. `terms` is a hash of its delivery's description and of the settings that decide what is
    taken: while they and the etag are the same, so is what comes of the file."""

    item: ObjectInfo
    key: str
    delivery: str
    terms: str
    is_ignored: bool


def _read_tomls(store: ObjectStore, objects: list[ObjectInfo], has_root_toml: bool) -> dict[str, bytes]:
    """delivery.toml of each delivery that is a folder."""
    return {
        printable(delivery_name(o.key, is_archive=False, has_root_toml=has_root_toml)): store.read(o.key)
        for o in objects
        if o.key.rsplit("/", 1)[-1] == DELIVERY_FILE
    }


def _look(
    settings: Settings, config: Source, store: ObjectStore, tomls: dict[str, bytes] | None = None
) -> list[_Listed]:
    """All files of a location; `tomls` gets the descriptions of its deliveries."""
    objects = list(store.iter_objects())
    has_root_toml = any(o.key == DELIVERY_FILE for o in objects)
    found = _read_tomls(store, objects, has_root_toml)
    if tomls is not None:
        tomls.update(found)
    names = [
        printable(delivery_name(o.key, is_archive=is_archive(o.key), has_root_toml=has_root_toml)) for o in objects
    ]
    kinds = {name: stated_format(found.get(name)) for name in names}
    together: dict[str, list[tuple[str, str]]] = {}
    for item, name in zip(objects, names, strict=True):
        if comes_in_parts(kinds[name]):
            together.setdefault(name, []).append((item.key, item.etag))
    out = []
    for item, name in zip(objects, names, strict=True):
        terms = short_hash(sha256_bytes(found.get(name, b"")), settings.pull, config, *together.get(name, ()))
        ignored = not is_archive(item.key) and is_ignored(item.key, ignore_patterns(settings.pull.ignore, kinds[name]))
        out.append(_Listed(item, printable(item.key), name, terms, ignored))
    return out


def _pull(
    settings: Settings, run: Run, landing: ObjectStore, source: str, config: Source, progress: Progress | None
) -> _Pulled:
    """One source. A file is unchanged only while it, its delivery's description and the pull settings are: a mended
    delivery.toml or a raised size limit brings in what was rejected before."""
    location = run.text(source) or ""
    store = _open_location(location, settings)
    known = _read_listing(landing, source, location)
    tomls: dict[str, bytes] = {}
    out = _Pulled([], [], {})
    files = _look(settings, config, store, tomls)
    for i, f in enumerate(files):
        if progress:
            progress(i, len(files), f"pull {source}: {f.key}")
        before = known.get(f.key, ["", "", []])
        if before[:2] == [f.item.etag, f.terms]:
            out.entries += [
                Entry(source, f.delivery, m, s, 0, "ignored" if t == "ignored" else "unchanged")
                for m, s, t in before[2]
            ]
            out.listing[f.key] = before
            continue
        old = {m: s for m, s, t in before[2] if t != "quarantined"} if before[1] == f.terms else {}
        fresh = list(_land(settings, landing, store, source, f.delivery, f.item.key, f.item.size, old, tomls))
        out.entries += fresh
        out.listing[f.key] = [f.item.etag, f.terms, [[e.name, e.raw_sha256, e.status] for e in fresh]]
    _mark_duplicates(out.entries)
    _make_deliveries(out, run, landing, source, config, tomls, settings)
    return out


def _land(
    settings: Settings, landing: ObjectStore, store: ObjectStore, source: str, delivery: str, key: str, size: int,
    old: Mapping[str, str], tomls: dict[str, bytes],
) -> Iterator[Entry]:  # fmt: skip
    """Entries of one file, or of the members of one archive; valid ones are in landing/ when this returns."""
    if is_archive(key) and delivery not in tomls and (found := _find_toml(settings, store, key, size)):
        tomls[delivery] = found
    kind = stated_format(tomls.get(delivery))
    patterns, old = ignore_patterns(settings.pull.ignore, kind), {} if comes_in_parts(kind) else old
    for raw_name, data in _read_parts(settings, store, key, size):
        name = printable(raw_name)
        if isinstance(data, IgnoredMember):
            yield Entry(source, delivery, name, "", 0, "ignored", data.why)
            continue
        if isinstance(data, Rejection):
            yield Entry(source, delivery, name, "", 0, "quarantined", data.reason, data.message)
            continue
        if is_ignored(name, patterns):
            yield Entry(source, delivery, name, "", len(data), "ignored", "listed pattern")
            continue
        if old.get(name) == sha256_bytes(data):
            yield Entry(source, delivery, name, old[name], len(data), "unchanged")
            continue
        yield Entry(source, delivery, name, put_raw(landing, data), len(data), "valid")


def _find_toml(settings: Settings, store: ObjectStore, key: str, size: int) -> bytes | None:
    """delivery.toml inside an archive, wherever it stands: it says which of the other members count."""
    for name, data in _read_parts(settings, store, key, size):
        if isinstance(data, bytes) and name.rsplit("/", 1)[-1] == DELIVERY_FILE:
            return data
    return None


def _read_parts(
    settings: Settings, store: ObjectStore, key: str, size: int
) -> Iterator[tuple[str, bytes | Rejection | IgnoredMember]]:
    if not is_archive(key):
        limit = settings.pull.max_file_mib << 20
        if size > limit:
            message = f"{size} bytes; files up to {limit} are read (pull.max_file_mib)"
            yield key, Rejection("file", Reason.TOO_LARGE, message, key)
            return
        try:
            yield key, store.read(key)
        except PermanentError as error:
            yield key, Rejection("file", Reason.UNREADABLE, str(error), key)
        return
    try:
        for member in iter_members(store.read(key), key):
            if isinstance(member, Rejection):
                yield f"{key}!{member.locator or member.reason}", member
            elif isinstance(member, IgnoredMember):
                yield f"{key}!{member.name}", member
            else:
                yield f"{key}!{member.name}", member.data
    except RejectedInput as error:
        yield key, Rejection("file", Reason(error.reason), error.message, error.locator)
    except PermanentError as error:
        yield key, Rejection("file", Reason.UNREADABLE, str(error), key)


def _mark_duplicates(entries: list[Entry]) -> None:
    """The same bytes twice in one run count once: the first by delivery and name is valid."""
    order = sorted(range(len(entries)), key=lambda i: (entries[i].delivery, entries[i].name))
    seen: set[str] = set()
    for i in order:
        if entries[i].status == "valid":
            if entries[i].raw_sha256 in seen:
                entries[i] = replace(entries[i], status="duplicate", reason="same bytes as another file of this run")
            seen.add(entries[i].raw_sha256)


def _make_deliveries(
    out: _Pulled, run: Run, landing: ObjectStore, source: str, config: Source, tomls: Mapping[str, bytes],
    settings: Settings,
) -> None:  # fmt: skip
    assert run.night is not None
    first = _earlier_deliveries(landing, run, source) + 1
    ids = number_deliveries(out.entries, source, run.night, first)
    defaults = DeliveryInfo(config.sender, config.review_stage, config.annotated_types, config.has_roles,
                            settings.is_synthetic, None, "mixed")  # fmt: skip
    for name, delivery_id in ids.items():
        try:
            info = read_delivery(tomls.get(name), defaults)
        except RejectedInput as error:
            _reject_delivery(out, name, error)
            info = defaults
        mine = [e for e in out.entries if e.delivery == name]
        out.deliveries.append({
            "delivery_id": delivery_id, "source": source, "sender": info.sender, "format": info.format,
            "labels": info.labels or None, "purpose": info.purpose,
            "review_stage": info.review_stage, "annotated_types": list(info.annotated_types),
            "has_roles": info.has_roles, "is_synthetic": info.is_synthetic,
            "stated_date": info.stated_date.isoformat() if info.stated_date else None, "name": name,
            "content_sha256": delivery_hash(mine),
        })  # fmt: skip
    out.entries = [replace(e, delivery_id=ids.get(e.delivery, "")) for e in out.entries]


def _reject_delivery(out: _Pulled, name: str, error: RejectedInput) -> None:
    """A delivery whose description is wrong is rejected whole: nothing is known of what it annotates."""
    out.entries = [
        replace(e, status="quarantined", reason=error.reason, message=error.message)
        if e.delivery == name and e.status == "valid" else e
        for e in out.entries
    ]  # fmt: skip
