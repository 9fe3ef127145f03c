"""What a location holds: files, in deliveries, each new, unchanged, doubled, ignored or rejected. Pure."""

from __future__ import annotations

import datetime as dt
import fnmatch
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from pipelines.core.hashing import content_hash
from pipelines.core.labels import load_labels
from pipelines.core.records import FORMATS, PURPOSES, STORED_TYPES, Reason, UnitCounts
from pipelines.errors import RejectedInput

DELIVERY_FILE = "delivery.toml"
REVIEW_STAGES = ("machine", "curator", "author")
#: Ignore patterns that do not hold for a delivery of a format: its files have such names.
_TAKEN = {
    "bioc-json": ("*.json",),
    "pubannotation": ("*.json",),
    "jsonl": ("*.json",),
    "pubtator": ("*.txt", "*.tsv"),
    "conll": ("*.txt", "*.tsv"),
    "craft": ("*.txt",),
}
#: What stands for a format that a delivery.toml states wrongly.
UNKNOWN = "unknown"
#: Formats of text that is no figure's legend, or not known to be one: auxiliary unless the delivery says otherwise.
_AUXILIARY = ("pubannotation", "pubtator", "conll", "jsonl", "craft")
#: Formats whose records are read from several files: one that changed brings all of its delivery again.
_IN_PARTS = ("craft",)
_KEYS = {
    "sender", "date", "review_stage", "annotated_types", "synthetic", "format", "has_roles", "deleted",
    "preannotated_by", "labels", "purpose",
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One file or archive member as pulled. `status`: valid, duplicate, unchanged, ignored or quarantined.

    `key` and `etag` are the source's own of what it came in, `url` where that has one, `fetched_at` the time (UTC):
    they stand in the manifest only.
    """

    source: str
    delivery: str
    name: str
    raw_sha256: str
    size: int
    status: str
    reason: str = ""
    message: str = ""
    delivery_id: str = ""
    key: str = ""
    etag: str = ""
    url: str = ""
    fetched_at: str = ""

    def to_dict(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True)
class DeliveryInfo:
    """What `delivery.toml` says, else the defaults of the source. `labels` names a map of labels.toml, or is ""."""

    sender: str
    review_stage: str
    annotated_types: tuple[str, ...]
    has_roles: bool
    is_synthetic: bool
    stated_date: dt.date | None
    format: str
    preannotated_by: str | None = None
    labels: str = ""
    purpose: str = "gold"


def is_ignored(name: str, patterns: Sequence[str]) -> bool:
    """True where the path or its last part matches a listed pattern."""
    last = name.rsplit("/", 1)[-1]
    return any(fnmatch.fnmatch(name, p) or fnmatch.fnmatch(last, p) for p in patterns)


def delivery_name(key: str, *, is_archive: bool, has_root_toml: bool) -> str:
    """Folder or archive that a file belongs to: one delivery each; loose files of the location are one (`.`)."""
    if has_root_toml:
        return "."
    head, _, rest = key.partition("/")
    return head if rest or is_archive else "."


_KINDS: Mapping[type, str] = {str: "a text in quotes", list: "a list", bool: "true or false"}
_HINTS = {"labels": "; it names a map of pipelines/config/labels.toml, where a new one can be added"}


def _checked(data: Mapping[str, object], name: str, kind: type, default: object) -> object:
    value = data.get(name, default)
    if not isinstance(value, kind):
        hint = _HINTS.get(name, "")
        raise RejectedInput(
            Reason.BAD_DELIVERY, f"delivery.toml: {name} must be {_KINDS[kind]}, not {value!r}{hint}", locator=name
        )
    return value


def stated_format(text: bytes | None) -> str:
    """The format that delivery.toml states, "mixed" where it states none; UNKNOWN where it cannot be made out
    (read_delivery then says so)."""
    try:
        found = tomllib.loads((text or b"").decode("utf-8-sig")).get("format", "mixed")
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        return UNKNOWN
    return str(found) if found in FORMATS else UNKNOWN


def _stated_sender(text: bytes | None) -> str:
    """Who sent a delivery whose description is wrong elsewhere; "" where that does not say."""
    try:
        found = tomllib.loads((text or b"").decode("utf-8-sig")).get("sender")
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        return ""
    return found.strip() if isinstance(found, str) else ""


def ignore_patterns(patterns: Sequence[str], kind: str) -> tuple[str, ...]:
    """The listed patterns, less those that files of a format have; of an unknown one any file may be, to be refused
    with the delivery and not passed over."""
    taken = {p for names in _TAKEN.values() for p in names} if kind == UNKNOWN else set(_TAKEN.get(kind, ()))
    return tuple(p for p in patterns if p not in taken)


def is_passed_over(names: Iterable[str], toml: bytes | None, patterns: Sequence[str]) -> bool:
    """True where a delivery describes itself and the patterns leave none of its files (`names`): its format is not
    stated, or not the one that its files have. Its sender is to read so, and not to hear nothing."""
    if toml is None or b"deleted" in toml:
        return False
    return all(is_ignored(name, patterns) for name in names)


def comes_in_parts(kind: str) -> bool:
    """True where one record of the format is read from several files."""
    return kind in _IN_PARTS


def _one_of(data: Mapping[str, object], name: str, known: Sequence[str], default: str) -> str:
    found = str(_checked(data, name, str, default))
    if found not in known:
        words = ", ".join(k for k in known if k)
        raise RejectedInput(Reason.BAD_DELIVERY, f"delivery.toml: {name} {found!r} is none of {words}", name)
    return found


def _read_toml(text: bytes) -> dict[str, object]:
    try:
        data = tomllib.loads(text.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RejectedInput(Reason.BAD_DELIVERY, f"delivery.toml cannot be read: {error}") from error
    if unknown := sorted(set(data) - _KEYS):
        raise RejectedInput(Reason.BAD_DELIVERY, f"delivery.toml: unknown key {unknown[0]}; known: {sorted(_KEYS)}")
    return data


def read_delivery(text: bytes | None, defaults: DeliveryInfo) -> DeliveryInfo:
    """Parse delivery.toml over the defaults; RejectedInput(bad_delivery) with the key that is wrong.

    A delivery that names a map of labels has that map's types and no roles, unless it says otherwise. Such a delivery,
    and one of a format without figures, is auxiliary unless it says `purpose = "gold"`.
    """
    if text is None:
        return defaults
    data = _read_toml(text)
    read_deletions(data)
    kind = _one_of(data, "format", FORMATS, defaults.format)
    maps = load_labels().maps
    labels = _one_of(data, "labels", ("", *maps), "")
    types = _checked(
        data, "annotated_types", list, list(maps[labels].annotated_types if labels else defaults.annotated_types)
    )
    assert isinstance(types, list)
    if bad := [t for t in types if t not in STORED_TYPES]:
        raise RejectedInput(Reason.BAD_DELIVERY, f"delivery.toml: annotated_types holds {bad[0]!r}, no known type")
    has_roles = maps[labels].has_roles if labels else defaults.has_roles
    purpose = "auxiliary" if labels or kind in _AUXILIARY else defaults.purpose
    return DeliveryInfo(
        sender=str(_checked(data, "sender", str, defaults.sender)),
        review_stage=_one_of(data, "review_stage", REVIEW_STAGES, defaults.review_stage),
        annotated_types=tuple(str(t) for t in types),
        has_roles=bool(_checked(data, "has_roles", bool, has_roles)),
        is_synthetic=bool(_checked(data, "synthetic", bool, defaults.is_synthetic)),
        stated_date=_date(data.get("date")) or defaults.stated_date,
        format=kind,
        preannotated_by=str(_checked(data, "preannotated_by", str, "")).strip() or None,
        labels=labels,
        purpose=_one_of(data, "purpose", PURPOSES, purpose),
    )


def read_deletions(data: Mapping[str, object]) -> list[tuple[str, str]]:
    """(document, label or key of the figure) of each figure that the delivery takes back, from
    `deleted = ["10.1234/demo.1#Figure 2"]`; RejectedInput(bad_delivery) for an entry of another form."""
    listed = _checked(data, "deleted", list, [])
    assert isinstance(listed, list)
    out = []
    for entry in listed:
        document, mark, figure = str(entry).rpartition("#")
        if not isinstance(entry, str) or not (document.strip() and mark and figure.strip()):
            raise RejectedInput(Reason.BAD_DELIVERY, f'delivery.toml: deleted holds {entry!r}; write "DOI#Figure 2"')
        out.append((document.strip(), figure.strip()))
    return out


def states_deletions(name: str, data: bytes) -> bool:
    """True for a delivery.toml that takes figures back: such a one is read like any file of its delivery."""
    return name.rsplit("/", 1)[-1].rsplit("!", 1)[-1] == DELIVERY_FILE and b"deleted" in data


def _date(value: object) -> dt.date | None:
    if value is None or (isinstance(value, dt.date) and not isinstance(value, dt.datetime)):
        return value
    try:
        return dt.date.fromisoformat(str(value)[:10])
    except ValueError as error:
        raise RejectedInput(Reason.BAD_DELIVERY, f"delivery.toml: {value!r} is no date (YYYY-MM-DD)") from error


def number_deliveries(entries: Iterable[Entry], source: str, night: dt.date, first: int) -> dict[str, str]:
    """delivery name → delivery id `source:night:n` for the deliveries that hold something new, by name."""
    names = sorted({e.delivery for e in entries if e.status in ("valid", "quarantined", "duplicate")})
    return {name: f"{source}:{night.isoformat()}:{first + i}" for i, name in enumerate(names)}


def delivery_hash(entries: Iterable[Entry]) -> str:
    """sha256 over the sorted (name, sha256) of a delivery's new files."""
    return content_hash(sorted((e.name, e.raw_sha256) for e in entries if e.status == "valid"))


def count_files(entries: Iterable[Entry]) -> UnitCounts:
    total = UnitCounts()
    for entry in entries:
        total += UnitCounts(n_in=1, **{entry.status: 1})
    return total


def mark_duplicates(entries: Sequence[Entry], tomls: Mapping[str, bytes]) -> list[Entry]:
    """The same bytes twice in one run count once: the first by delivery and name is valid. Under another description
    they are another statement: an author who corrects nothing, a second curator who agrees to the letter."""
    out = list(entries)
    seen: set[tuple[str, bytes | None]] = set()
    for i in sorted(range(len(out)), key=lambda i: (out[i].delivery, out[i].name)):
        if out[i].status == "valid":
            statement = (out[i].raw_sha256, tomls.get(out[i].delivery))
            if statement in seen:
                out[i] = replace(out[i], status="duplicate", reason="same bytes as another file of this run")
            seen.add(statement)
    return out


def describe_deliveries(
    entries: Sequence[Entry],
    ids: Mapping[str, str],
    tomls: Mapping[str, bytes],
    defaults: DeliveryInfo,
    place: str = "",
) -> tuple[list[Entry], list[dict[str, object]]]:
    """(entries with their delivery id, one row a delivery), for `ids` delivery name → delivery id.

    A delivery whose description is wrong is rejected whole: nothing is known of what it annotates.
    """
    out, rows = list(entries), []
    for name, delivery_id in ids.items():
        try:
            info = read_delivery(tomls.get(name), defaults)
        except RejectedInput as error:
            out = [
                replace(e, status="quarantined", reason=error.reason, message=error.message)
                if e.delivery == name and e.status == "valid" else e
                for e in out
            ]  # fmt: skip
            # its sender reads why, and nobody else
            info = replace(defaults, sender=_stated_sender(tomls.get(name)) or defaults.sender)
        sha256 = delivery_hash(e for e in out if e.delivery == name)
        rows.append({**_delivery_row(name, delivery_id, info, sha256), "place": place})
    return [replace(e, delivery_id=ids.get(e.delivery, "")) for e in out], rows


def _delivery_row(name: str, delivery_id: str, info: DeliveryInfo, sha256: str) -> dict[str, object]:
    stated = info.stated_date.isoformat() if info.stated_date else None
    return {
        "delivery_id": delivery_id, "source": delivery_id.partition(":")[0], "sender": info.sender,
        "format": info.format, "review_stage": info.review_stage, "annotated_types": list(info.annotated_types),
        "has_roles": info.has_roles, "is_synthetic": info.is_synthetic, "stated_date": stated, "name": name,
        "content_sha256": sha256, "preannotated_by": info.preannotated_by, "labels": info.labels or None,
        "purpose": info.purpose,
    }  # fmt: skip
