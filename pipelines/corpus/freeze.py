"""What a night adds to the corpus: identity, unchanged and doubled records left out, splits, exclusions, benchmark.

Pure: rows and the index in, rows of the new version and its accounts out. The result does not depend on the order of
the input rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pipelines.core.gold import layer_id
from pipelines.core.hashing import short_hash
from pipelines.core.ids import KnownFigure, match_figure_keys, split_figure_id
from pipelines.core.records import CURATED_KINDS, DELETION, UnitCounts
from pipelines.core.splits import bucket_of, leak_hash, split_of, stricter
from pipelines.corpus.identity import Identity, resolve
from pipelines.corpus.index import Index, RevisionKey, revision_key

Row = Mapping[str, object]
Rows = dict[str, list[dict[str, object]]]
UNITS = {
    "documents": "document",
    "figures": "figure",
    "panels": "panel",
    "annotations": "annotation",
    "document_events": "event",
}


@dataclass
class Frozen:
    """Rows of the new version by table, and what became of every unit that came in. `ties`: publications and curated
    figures that state the date and version of another revision of theirs and differ from it: the hash decides.
    `doubtful`: ids that two papers' documents state, see Identity. `missed`: deletions of figures that their sender has
    not delivered, neither before nor tonight."""

    rows: Rows = field(default_factory=dict)
    counts: dict[str, UnitCounts] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    ties: set[str] = field(default_factory=set)
    doubtful: dict[str, list[str]] = field(default_factory=dict)
    missed: list[Row] = field(default_factory=list)

    def add(self, table: str, row: Mapping[str, object]) -> None:
        self.rows.setdefault(table, []).append(dict(row))

    def count(self, table: str, outcome: str, n: int = 1, *, is_deletion: bool = False) -> None:
        unit = DELETION if is_deletion else UNITS[table]
        self.counts[unit] = self.counts.get(unit, UnitCounts()) + UnitCounts(n_in=n, **{outcome: n})

    @property
    def has_news(self) -> bool:
        """False where all that came in was known: no version is made then."""
        return any(rows for table, rows in self.rows.items() if table != "deliveries")


def weight(table: str, row: Row) -> int:
    """Delivered units that a row stands for: several tags joined in one annotation count each."""
    return int(str(row["n_source_rows"])) if table == "annotations" else 1


def _group(rows: Iterable[Row], *names: str) -> dict[tuple[object, ...], list[Row]]:
    out: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        out.setdefault(tuple(row[n] for n in names), []).append(row)
    return out


_REVISION = ("record_sha256", "delivery_id", "raw_sha256")


class Freezer:
    """Builds one version; `night` is the night it is written under. `known`: contents that count as unchanged though
    they are not current: what a reparse reads as it was read before. `stored`, of a replay only: how many rows each
    revision of that night has in the corpus, by record_sha256; one that is stored is news only where more of its rows
    are valid than were then."""

    def __init__(
        self, index: Index, night: dt.date, known: Collection[str] = (), stored: Mapping[str, int] | None = None
    ) -> None:
        self.index, self.night, self.known, self.stored = index, night, known, stored or {}
        self.out = Frozen()
        self._seen: dict[str, dict[str, RevisionKey]] = {}
        self._events: set[tuple[str, str | None]] = set()
        self._figures: dict[str, list[KnownFigure]] = {}
        self._senders: dict[object, tuple[str, str]] = {}

    def run(self, valid: Mapping[str, Sequence[Row]]) -> Frozen:
        """`valid`: rows by table as the check step passed them, with provisional ids."""
        identity = self._resolve(valid)
        self._senders = {
            r["delivery_id"]: (str(r["sender"]), str(r["review_stage"])) for r in valid.get("deliveries", ())
        }
        self._freeze_publications(valid, identity)
        self._freeze_curated(valid, identity)
        self._freeze_events(valid.get("document_events", ()), identity)
        self._freeze_identity(valid, identity)
        kept = {str(r["delivery_id"]) for t in UNITS for r in self.out.rows.get(t, ())}
        for row in valid.get("deliveries", ()):
            if row["delivery_id"] in kept and not self.index.has_delivery(str(row["delivery_id"])):
                self.out.add("deliveries", row)
        self.out.merged, self.out.doubtful = identity.merged, identity.doubtful
        self._exclude_leaks(identity)
        return self.out

    # identity

    def _resolve(self, valid: Mapping[str, Sequence[Row]]) -> Identity:
        documents = {str(r["doc_id"]) for table in ("documents", "figures") for r in valid.get(table, ())}
        aliases: dict[str, list[str]] = {doc_id: [] for doc_id in documents}
        for row in valid.get("id_aliases", ()):
            aliases.setdefault(str(row["doc_id"]), []).append(str(row["alias"]))
        return resolve(aliases, self.index, documents)

    def _freeze_identity(self, valid: Mapping[str, Sequence[Row]], identity: Identity) -> None:
        stated: dict[str, tuple[str, str]] = {}
        for row in valid.get("id_aliases", ()):
            said = (str(row["source"]), str(row["raw_sha256"]))
            stated[str(row["alias"])] = min(stated.get(str(row["alias"]), said), said)
        for row in valid.get("documents", ()):
            said = (str(row["source"]), str(row["raw_sha256"]))
            stated[str(row["doc_id"])] = min(stated.get(str(row["doc_id"]), said), said)
        for alias, doc_id in sorted(identity.new_aliases.items()):
            source, raw = stated.get(alias, ("nightcap", ""))
            self.out.add("id_aliases", {"alias": alias, "doc_id": doc_id, "source": source, "raw_sha256": raw})
        for doc_id in sorted(identity.created):
            self._add_split(doc_id, split_of(doc_id), None)
        for absorbed, doc_id in sorted(identity.merged.items()):
            split = stricter(self.index.split(absorbed) or "train", self.index.split(doc_id) or "train")
            if split != self.index.split(doc_id):
                self._add_split(doc_id, split, f"one document with {absorbed}, the stricter split holds")

    def _add_split(self, doc_id: str, split: str, reason: str | None, kind: str = "membership") -> None:
        self.out.add(
            "splits", {"doc_id": doc_id, "kind": kind, "split": split, "bucket": bucket_of(doc_id), "reason": reason}
        )

    # publications

    def _freeze_publications(self, valid: Mapping[str, Sequence[Row]], identity: Identity) -> None:
        figures = _group((r for r in valid.get("figures", ()) if r["kind"] == "publication"), "doc_id", *_REVISION)
        documents = [r for r in valid.get("documents", ()) if r["kind"] == "publication"]
        documents.sort(
            key=lambda r: (
                identity.resolved[str(r["doc_id"])],
                revision_key(r, self.night),
                str(r["delivery_id"]),
                str(r["raw_sha256"]),
            )
        )
        for row in documents:
            doc_id = identity.resolved[str(row["doc_id"])]
            mine = figures.get((row["doc_id"], *(row[n] for n in _REVISION)), [])
            outcome = self._outcome(doc_id, row, len(mine))
            self.out.count("documents", outcome)
            self.out.count("figures", outcome, len(mine))
            if outcome == "valid":
                self.out.add("documents", {**row, "doc_id": doc_id})
                self._add_figures(doc_id, mine)

    def _outcome(self, key_id: str, row: Row, n_parts: int) -> str:
        """valid, duplicate (same content twice in this run) or unchanged (equal to the current revision); the same
        content with a later stated date is a new statement. Rows come by key, the least first."""
        key, has_date = revision_key(row, self.night), row["stated_date"] is not None
        seen = self._seen.setdefault(key_id, {})
        if key.sha in seen and not (has_date and is_later(key, seen[key.sha])):
            return "duplicate"
        if key.sha in self.stored:
            seen[key.sha] = key
            return "valid" if n_parts > self.stored[key.sha] else "unchanged"
        known = self.index.current_key(key_id)
        if key.sha in self.known:
            return "unchanged"
        if known is not None and known.sha == key.sha and not (has_date and is_later(key, known)):
            return "unchanged"
        rivals = [*seen.values(), *([known] if known else [])]
        if has_date and any(_is_tie(key, other) for other in rivals):
            self.out.ties.add(key_id.partition("\x1f")[0])  # less curator and stage
        seen[key.sha] = key
        return "valid"

    def _add_figures(self, doc_id: str, rows: Sequence[Row]) -> None:
        known = self._figures.setdefault(doc_id, self.index.known_figures(doc_id))
        ordered = sorted(rows, key=lambda r: (int(str(r["position"])), str(r["figure_id"])))
        wishes = [
            KnownFigure(_key(r["figure_id"]), _text(r["label"]), _text(r["jats_id"]), _text(r["legend"]))
            for r in ordered
        ]
        keys = match_figure_keys(known, wishes)
        renamed = {str(r["figure_id"]): f"{doc_id}#{k}" for r, k in zip(ordered, keys, strict=True)}
        for row, key in zip(ordered, keys, strict=True):
            parent = renamed.get(str(row["parent_figure_id"])) if row["parent_figure_id"] else None
            self.out.add(
                "figures", {**row, "doc_id": doc_id, "figure_id": f"{doc_id}#{key}", "parent_figure_id": parent}
            )
        latest = {k: KnownFigure(k, w.label, w.jats_id, w.legend) for k, w in zip(keys, wishes, strict=True)}
        self._figures[doc_id] = [k for k in known if k.key not in latest] + list(latest.values())

    # curated figures

    def _freeze_curated(self, valid: Mapping[str, Sequence[Row]], identity: Identity) -> None:
        parts = {t: _group(valid.get(t, ()), "figure_id", *_REVISION) for t in ("panels", "annotations")}
        figures = [r for r in valid.get("figures", ()) if r["kind"] in CURATED_KINDS]
        figures.sort(
            key=lambda r: (
                str(r["figure_id"]),
                revision_key(r, self.night),
                str(r["delivery_id"]),
                str(r["raw_sha256"]),
            )
        )
        kept: set[tuple[object, ...]] = set()
        missed: dict[str, list[Row]] = {}
        for row in figures:
            doc_id = identity.resolved[str(row["doc_id"])]
            figure_id = f"{doc_id}#{_key(row['figure_id'])}"
            layer = layer_id(figure_id, *self._sender(row["delivery_id"]))
            mine = (row["figure_id"], *(row[n] for n in _REVISION))
            if not self._seen.get(layer) and self.index.current_key(layer) is None:
                missed[layer] = []
            outcome = self._outcome(layer, row, sum(len(found.get(mine, ())) for found in parts.values()))
            self.out.count("figures", outcome, is_deletion=bool(row["is_deleted"]))
            if not row["is_deleted"]:
                missed.pop(layer, None)
            elif layer in missed:
                missed[layer].append({**row, "doc_id": doc_id, "figure_id": figure_id})
            if outcome == "valid":
                self.out.add("figures", {**row, "doc_id": doc_id, "figure_id": figure_id})
                kept.add((row["doc_id"], row["delivery_id"], row["raw_sha256"]))
            self._freeze_parts(row, figure_id, outcome, parts)
        self.out.missed = [row for _, rows in sorted(missed.items()) for row in rows]
        for row in valid.get("documents", ()):
            if row["kind"] in CURATED_KINDS:
                is_kept = (row["doc_id"], row["delivery_id"], row["raw_sha256"]) in kept
                self.out.count("documents", "valid" if is_kept else "unchanged")
                if is_kept:
                    self.out.add("documents", {**row, "doc_id": identity.resolved[str(row["doc_id"])]})

    def _sender(self, delivery_id: object) -> tuple[str, str]:
        """(sender, review stage): of a delivery of this night, else of one that the corpus holds."""
        return self._senders.get(delivery_id) or self.index.delivery(delivery_id)[:2]

    def _freeze_parts(
        self, figure: Row, figure_id: str, outcome: str, parts: Mapping[str, Mapping[tuple[object, ...], list[Row]]]
    ) -> None:
        for table, grouped in parts.items():
            for row in grouped.get((figure["figure_id"], *(figure[n] for n in _REVISION)), ()):
                self.out.count(table, outcome, weight(table, row))
                if outcome != "valid":
                    continue
                new = {**row, "figure_id": figure_id}
                if table == "annotations":
                    new["annotation_id"] = annotation_id(new)
                self.out.add(table, new)

    # events

    def _freeze_events(self, rows: Sequence[Row], identity: Identity) -> None:
        """A statement that is known is left out; of a provider's record each delivery counts, for its last one holds
        (schemas/current/62_records.sql)."""
        records = {_record_of(r) for r in rows if r["event"] == "licence_stated"}
        for row in sorted(rows, key=lambda r: (str(r["event_id"]), str(r["delivery_id"]), str(r["raw_sha256"]))):
            said = (str(row["event_id"]), str(row["delivery_id"]) if _record_of(row) in records else None)
            if said in self._events:
                self.out.count("document_events", "duplicate")
            elif self.index.has_event(*said):
                self.out.count("document_events", "unchanged")
            else:
                self._events.add(said)
                self.out.count("document_events", "valid")
                doc_id = str(row["doc_id"])
                known = self.index.doc_ids([doc_id]).get(doc_id)
                self.out.add("document_events", {**row, "doc_id": identity.resolved.get(doc_id, known or doc_id)})

    # leakage

    def _exclude_leaks(self, identity: Identity) -> None:
        """A train document whose legend stands in a dev or test document, or whose twin does, is not trained on; in
        whatever order the two and the statement that they are twins arrive."""
        splits = {str(r["doc_id"]): str(r["split"]) for r in self.out.rows.get("splits", ())}
        pairs = self._legend_pairs(splits) + self._twin_pairs(identity)
        reasons: dict[str, str] = {}
        for a, b, why in pairs:
            split_a, split_b = (splits.get(d) or self.index.split(d) for d in (a, b))
            if split_a == "train" and split_b in ("dev", "test"):
                reasons.setdefault(a, f"{why} {b} ({split_b})")
        for doc_id, reason in sorted(reasons.items()):
            if not self.index.is_excluded(doc_id):
                self._add_split(doc_id, "train", reason, kind="exclusion")

    def _legend_pairs(self, splits: Mapping[str, str]) -> list[tuple[str, str, str]]:
        """Every holder of a legend of this night beside the first of them that is held out: a legend that very many
        documents have costs one look at each."""
        holders: dict[str, set[str]] = {}
        for row in self.out.rows.get("figures", ()):
            if row["kind"] != "auxiliary" and (leak := leak_hash(_text(row["legend"]))):
                holders.setdefault(leak, set()).add(str(row["doc_id"]))
        pairs = []
        for leak, mine in sorted(holders.items()):
            everyone = sorted(mine | {self.out.merged.get(d, d) for d in self.index.documents_with_legend(leak)})
            held_out = next((d for d in everyone if (splits.get(d) or self.index.split(d)) in ("dev", "test")), None)
            pairs += [(d, held_out, "shares a legend with") for d in everyone if held_out and d != held_out]
        return pairs

    def _twin_pairs(self, identity: Identity) -> list[tuple[str, str, str]]:
        """Preprints and articles that are twins: by a statement of tonight, or by an earlier one that named a document
        before the corpus had it, or by an id that it has got since."""
        stated = {
            (str(r["doc_id"]), str(r["notice_id"])) for r in self.out.rows.get("document_events", ())
            if r["event"] == "preprint_of" and r["notice_id"]
        }  # fmt: skip
        news = {*identity.created, *identity.new_aliases.values()}
        names = {n for d in news for n in (d, *self.index.aliases_of(d))} | set(identity.new_aliases)
        stated |= {(name, twin) for name in names for twin in self.index.twins_of(name)}
        twins = {(self._document(a, identity), self._document(b, identity)) for a, b in stated}
        pairs = {pair for a, b in twins if a != b for pair in ((a, b), (b, a))}
        return [(a, b, "preprint twin of") for a, b in sorted(pairs)]

    def _document(self, name: str, identity: Identity) -> str:
        """The document that an id names as of tonight, else the id."""
        return identity.resolved.get(name) or self.index.doc_ids([name]).get(name, name)


def is_later(key: RevisionKey, known: RevisionKey) -> bool:
    """True where the sender states more than before: the same content read by a later parser says nothing new."""
    return (key.stamp, key.version) > (known.stamp, known.version)


def _is_tie(key: RevisionKey, other: RevisionKey) -> bool:
    """True where nothing but the hash tells which of two contents is newer."""
    return key.sha != other.sha and (key.stamp, key.version, key.parser) == (other.stamp, other.version, other.parser)


def annotation_id(row: Row) -> str:
    """Id of an annotation row: its place, its type, the curated revision, and whether a machine made it."""
    return short_hash(
        row["figure_id"],
        row["legend_sha256"],
        row["start_offset"],
        row["end_offset"],
        row["entity_type"],
        row["record_sha256"],
        row["panel_no"],
        row["text"],
        row["tag_ids"],
        row["review_stage"] == "machine",
    )


def _record_of(row: Row) -> tuple[object, ...]:
    """Which file about which document a statement stands in."""
    return (row["doc_id"], row["delivery_id"], row["raw_sha256"])


def _key(figure_id: object) -> str:
    return split_figure_id(str(figure_id))[1]


def _text(value: object) -> str | None:
    return None if value is None else str(value)
