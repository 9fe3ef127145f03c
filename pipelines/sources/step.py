"""Pull: ask every source what is new, land it, write the night's manifest last.

Output: landing/sha256/… (raw bytes), landing/nights/<date>/manifest-<n>.jsonl (one row per file, then its deliveries),
staging/<key>/pull/ with listings/ (what the next night starts from, made final by close), journal/ (what a pull that
was killed has landed) and the accounts. A source that cannot be read is missing from the night, said so, and the others
go on; where none can be read the night fails.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from pipelines.clients.http import HttpClient
from pipelines.clients.objectstore import ObjectStore, open_part, open_public, open_store, put_raw
from pipelines.core.accounting import account_lines
from pipelines.core.hashing import canonical_json, content_hash
from pipelines.core.records import UnitCounts
from pipelines.core.runs import Run, StageResult
from pipelines.errors import PermanentError, TransientError, UsageError
from pipelines.settings import Pull, Settings, Source
from pipelines.sources.archives import is_archive
from pipelines.sources.biorxiv import BiorxivConnector
from pipelines.sources.connectors import Changes, Connector, Item, Progress
from pipelines.sources.deliveries import (
    Entry,
    count_files,
    describe_deliveries,
    mark_duplicates,
    number_deliveries,
)  # fmt: skip
from pipelines.sources.europepmc import EuropePmcConnector
from pipelines.sources.fetching import Fetched, Journal, find_unread, iter_fetched, land_item, land_vanished
from pipelines.sources.folder import FolderConnector
from pipelines.sources.known import (
    Listing,
    entries_of,
    is_unchanged,
    listed,
    read_listing,
    read_state,
    state_name,
    taken_before,
)  # fmt: skip
from pipelines.sources.manifests import count_deliveries, manifest_text, read_manifest
from pipelines.sources.pmc import PmcConnector
from pipelines.sources.sourcedata_api import SourceDataApiConnector

_EXAMPLES = 3


# which sources


def _folder(settings: Settings, name: str, run: Run) -> Connector:
    return _folder_connector(settings, name, run, getattr(settings.sources, name), settings.pull)


def _folder_connector(settings: Settings, name: str, run: Run, config: Source, pull: Pull) -> Connector:
    place = run.text(name) or ""
    if not place.startswith("s3://") and not Path(place).is_dir():
        raise UsageError(f"{place} is no folder: name the folder (or s3:// prefix) that holds the deliveries")
    return FolderConnector(name, place, store=open_store(place, settings), config=config, pull=pull,
                           is_synthetic=settings.is_synthetic)  # fmt: skip


def _retractions(settings: Settings, name: str, run: Run) -> Connector:
    config = settings.sources.retractions
    source = Source(config.location, config.sender, "machine", (), has_roles=False)
    pull = replace(settings.pull, ignore=config.ignore, max_file_mib=config.max_file_mib)
    return _folder_connector(settings, name, run, source, pull)


def _pmc(settings: Settings, name: str, run: Run) -> Connector:
    config = settings.sources.pmc
    store = open_public(config.location, settings, endpoint_url=config.endpoint_url, region=config.region)
    return PmcConnector(store, config, is_synthetic=settings.is_synthetic)


def _feed(settings: Settings, name: str, run: Run) -> Connector:
    config = getattr(settings.sources, name)
    http = HttpClient(config.url, rate_per_s=config.rate_per_s, **asdict(settings.http))
    feed: Connector = _FEEDS[name](
        config, http=http, night=_night(run), pull=settings.pull, is_synthetic=settings.is_synthetic
    )
    return feed


def _sourcedata_api(settings: Settings, name: str, run: Run) -> Connector:
    config = settings.sources.sourcedata_api
    auth = (config.user, config.password) if config.user else None
    http = HttpClient(config.url, rate_per_s=config.rate_per_s, auth=auth,
                      auth_setting="sources.sourcedata_api.user and .password (NIGHTCAP_SOURCES__SOURCEDATA_API__USER, "
                      "…__PASSWORD, or the Airflow connection sourcedata_api)", **asdict(settings.http))  # fmt: skip
    return SourceDataApiConnector(config, http=http, is_synthetic=settings.is_synthetic)


_FEEDS: Mapping[str, Callable[..., Connector]] = {"europepmc": EuropePmcConnector, "biorxiv": BiorxivConnector}
#: Source → what makes its connector, in the order in which they are pulled; one that stands in for another comes after
#: it. A further source adds one line.
_MAKERS: Mapping[str, Callable[[Settings, str, Run], Connector]] = {
    "deposit": _folder,
    "curation": _folder,
    "pmc": _pmc,
    "europepmc": _feed,
    "biorxiv": _feed,
    "sourcedata_api": _sourcedata_api,
    "retractions": _retractions,
}


def _night(run: Run) -> dt.date:
    if run.night is None:
        raise PermanentError("pull needs a night")
    return run.night


def connector_of(settings: Settings, name: str, run: Run) -> Connector:
    """The connector of a source that takes part in a run. Errors: UsageError where its place cannot be one."""
    return _MAKERS[name](settings, name, run)


def _stands_in_for(settings: Settings, name: str) -> str:
    """The source without which this one takes part, empty where it always does."""
    return str(getattr(getattr(settings.sources, name), "fallback_for", ""))


def places_of(run: Run) -> dict[str, str]:
    """Source → place of those that take part in the night, in the order in which they are pulled."""
    return {name: place for name in _MAKERS if (place := run.text(name))}


# plan


@dataclass(frozen=True)
class Preview:
    """What a pull would do with the files of one source, by its listing alone: nothing is read, but for the names.

    `n_bytes` are those of new and changed files, `n_packed` of them lie in archives; of `n_unsized` files the source
    does not say the size; `n_vanished` are gone from a folder (they stay) or withdrawn by a provider (`n_withdrawn`).
    """

    n_files: int
    n_new: int
    n_changed: int
    n_unchanged: int
    n_ignored: int
    n_vanished: int
    n_bytes: int
    n_packed: int
    n_unsized: int
    n_withdrawn: int
    examples: tuple[str, ...]
    notes: tuple[str, ...] = ()


def preview(settings: Settings, run: Run, source: str) -> Preview:
    """Compare what the source lists with what the last closed night left. Errors: as `run`."""
    connector, landing = connector_of(settings, source, run), open_part(settings, "landing")
    connector.check()
    known = read_listing(landing, connector)
    changes = connector.changes(read_state(landing, connector))
    offered = [i for i in changes.items if not i.is_ignored]
    is_known = {i.key: is_unchanged(i, known) for i in offered}
    fresh = [i for i in offered if not is_known[i.key]]
    n_changed = sum(i.key in known for i in fresh)
    gone = len(known.keys() - {i.key for i in changes.items}) if changes.is_complete else len(changes.vanished)
    return Preview(
        len(changes.items), len(fresh) - n_changed, n_changed, sum(is_known.values()),
        len(changes.items) - len(offered), gone, sum(i.size for i in fresh),
        sum(i.size for i in fresh if is_archive(i.key)), sum(not i.size for i in fresh) * (not changes.is_complete),
        len(changes.vanished), tuple(i.key for i in fresh[:_EXAMPLES]), tuple(changes.notes),
    )  # fmt: skip


# pull


@dataclass
class _Pulled:
    """What one source brought, and what the next night starts from."""

    connector: Connector
    entries: list[Entry] = field(default_factory=list)
    deliveries: list[dict[str, object]] = field(default_factory=list)
    tomls: dict[str, bytes] = field(default_factory=dict)
    listing: Listing | None = None
    state: bytes = b""
    unread: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Pull:
    """One pull: its settings, run, stores, and which run of the night it is."""

    settings: Settings
    run: Run
    landing: ObjectStore
    staging: ObjectStore
    n: int
    progress: Progress | None

    def put(self, data: bytes) -> str:
        return put_raw(self.landing, data)


def run(
    settings: Settings, run: Run, progress: Progress | None = None, withdrawn: Callable[[], Container[str]] = frozenset
) -> StageResult:
    """Land what the request's sources hold and the corpus has not seen. `withdrawn`: sha256 of files that the corpus
    has seen and hides; they stay hidden where they lie, else no withdrawal would hold, and the message says so."""
    n = int(run.key.partition(".")[2] or 0)
    pull = _Pull(settings, run, open_part(settings, "landing"), open_part(settings, "staging"), n, progress)
    key = f"nights/{_night(run)}/manifest-{n}.jsonl"
    if pull.landing.exists(key):
        manifest = read_manifest(pull.landing, key)
        return _result(manifest["entries"], manifest["sources_missing"], pull.landing.uri(key), _accounts(pull))
    pulled, missing = _pull_sources(pull)
    entries = [e for p in pulled for e in p.entries]
    counts, left_out = count_files(entries), _note_left_out(entries, withdrawn)
    if n and not any(e.status in ("valid", "quarantined") and e.key not in p.unread for p in pulled for e in p.entries):
        return StageResult(skipped="; ".join([f"nothing new since the last run of {run.night}", *left_out]))
    for part in pulled:
        _write_state(pull, part)
    pull.staging.write(f"{run.key}/pull/accounting.jsonl", account_lines(run, "pull", {"file": counts}))
    pull.landing.write(key, manifest_text(entries, (d for p in pulled for d in p.deliveries), missing).encode())
    notes = [f"{p.connector.name}: {note}" for p in pulled for note in p.notes]
    if unasked := [s for s in settings.sources.places() if s not in places_of(run)]:
        notes.append(f"configured and not asked in this run, which names its sources: {', '.join(unasked)}")
    notes += left_out
    return _result([e.to_dict() for e in entries], missing, pull.landing.uri(key), counts, notes)


def _note_left_out(entries: Sequence[Entry], withdrawn: Callable[[], Container[str]]) -> list[str]:
    known = [e for e in entries if e.status == "unchanged"]
    hidden = withdrawn() if known else ()
    names = [e.name for e in known if e.raw_sha256 in hidden]
    if not names:
        return []
    shown = ", ".join(names[:_EXAMPLES]) + (", …" if len(names) > _EXAMPLES else "")
    return [f"{len(names)} files of a withdrawn delivery left out ({shown}): bytes that lie where they lay stay "
            "hidden; under another folder name, or with another delivery.toml, they count anew"]  # fmt: skip


def _accounts(pull: _Pull) -> UnitCounts:
    row = json.loads(pull.staging.read(f"{pull.run.key}/pull/accounting.jsonl"))
    return UnitCounts(**{k: row[k] for k in UnitCounts.__dataclass_fields__})


def _result(
    entries: list[dict[str, Any]],
    missing: Mapping[str, str],
    uri: str,
    counts: UnitCounts,
    notes: Sequence[str] = (),
) -> StageResult:
    fingerprint = content_hash(sorted((e["source"], e["name"], e["raw_sha256"], e["status"]) for e in entries
                                      if e["status"] != "unchanged"))  # fmt: skip
    message = ", ".join(f"{n} {k}" for k, n in vars(counts).items() if n and k != "n_in") or "no files"
    if missing:
        message += "; missing: " + "; ".join(f"{s} ({why})" for s, why in missing.items())
    message = "; ".join([message, *notes])
    return StageResult(uri, vars(counts), fingerprint, None, message, {"sources_missing": dict(missing)})


def _pull_sources(pull: _Pull) -> tuple[list[_Pulled], dict[str, str]]:
    pulled: list[_Pulled] = []
    missing: dict[str, str] = {}
    errors: list[TransientError | PermanentError] = []
    places = places_of(pull.run)
    for name in places:
        other = _stands_in_for(pull.settings, name)
        if other in places and other not in missing:
            continue
        try:
            connector = connector_of(pull.settings, name, pull.run)
            connector.check()
            pulled.append(_pull_source(pull, connector))
        except (TransientError, PermanentError) as error:
            missing[name] = str(error)
            errors.append(error)
    if errors and not pulled:
        raise errors[0]
    return pulled, missing


def _pull_source(pull: _Pull, connector: Connector) -> _Pulled:
    """One source: what is known is unchanged, the rest is fetched and landed, in the source's order."""
    changes = connector.changes(read_state(pull.landing, connector))
    known = read_listing(pull.landing, connector) if changes.is_complete else {}
    out = _Pulled(connector, tomls=dict(changes.descriptions), state=changes.state, notes=changes.notes)
    found = _fetch_new(pull, connector, changes, known, out.tomls)
    unread = find_unread(changes, found, connector.name)
    if changes.state_without and unread:
        out.unread, out.state = unread, changes.state_without(unread)
        out.notes.append(f"{len(unread)} could not be read and will be asked for again")
    out.entries = [e for item in changes.items for e in entries_of(connector, item, known, found)]
    out.entries += [land_vanished(connector, item, pull.put) for item in changes.vanished]
    if changes.is_complete:
        out.listing = {i.key: listed(i, known, found) for i in changes.items}
    out.entries = mark_duplicates(out.entries, out.tomls)
    first = count_deliveries(pull.landing, pull.run.night, pull.n, connector.name) + 1
    ids = number_deliveries(out.entries, connector.name, _night(pull.run), first)
    out.entries, out.deliveries = describe_deliveries(out.entries, ids, out.tomls, connector.info, connector.place)
    return out


def _fetch_new(
    pull: _Pull, connector: Connector, changes: Changes, known: Listing, tomls: dict[str, bytes]
) -> dict[str, Fetched]:
    """Item key → what came of it, for those that are neither known nor ignored; archives add to `tomls`."""

    def fetch(item: Item) -> Fetched:
        return land_item(connector, item, taken_before(item, known), pull.put)

    fresh = [i for i in changes.items if not i.is_ignored and not is_unchanged(i, known)]
    journal = Journal(pull.staging, f"{pull.run.key}/pull/journal/{state_name(connector)}/")
    out = {}
    for n, (item, fetched) in enumerate(iter_fetched(fresh, fetch, journal, pull.settings.pull.workers)):
        if pull.progress:
            pull.progress(n, len(fresh), f"pull {connector.name}: {item.key}")
        out[item.key] = fetched
        if fetched.description is not None:
            tomls.setdefault(item.delivery, fetched.description)
    return out


def _write_state(pull: _Pull, part: _Pulled) -> None:
    """What the next night starts from, made final by close."""
    base = f"{pull.run.key}/pull/listings/{state_name(part.connector)}"
    if part.listing is not None:
        pull.staging.write(f"{base}.json", canonical_json(part.listing).encode())
    if part.state:
        pull.staging.write(f"{base}.state", part.state)
