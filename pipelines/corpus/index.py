"""The derived index: what freeze must know of the corpus without reading its history.

A SQLite file that carries the seq it stands for; it is brought forward by the rows of each newer version and rebuilt
from the files when it differs. Look-ups cost what is asked for, not what the corpus holds.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.core.gold import STAGE_RANK, gold_group, layer_id, task_counts
from pipelines.core.hashing import sha256_text
from pipelines.core.ids import KnownFigure, split_figure_id
from pipelines.core.records import CURATED_KINDS
from pipelines.core.splits import leak_hash
from pipelines.corpus.identity import NEVER
from pipelines.corpus.index_schema import GOLD, GOLD_OF, RETRACTED, SCHEMA

INDEX_VERSION = 7

Row = Mapping[str, object]
Rows = Mapping[str, Sequence[Row]]


@dataclass(frozen=True, order=True)
class RevisionKey:
    """The key of *current*: the greatest one is (architecture, paragraph Current)."""

    stamp: str
    version: int
    parser: int
    sha: str


def revision_key(row: Row, night: dt.date) -> RevisionKey:
    stated = row["stated_date"]
    stamp = stated.isoformat() if isinstance(stated, dt.date) else night.isoformat()
    return RevisionKey(
        stamp, int(str(row["stated_version"])), int(str(row["parser_version"])), str(row["record_sha256"])
    )


class Index:
    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._con = sqlite3.connect(path, isolation_level=None)
        self._con.execute("PRAGMA journal_mode=WAL")
        self._con.execute("PRAGMA synchronous=NORMAL")
        if self._value("index_version") != str(INDEX_VERSION):
            self.reset()

    def close(self) -> None:
        self._con.close()

    def _value(self, name: str) -> str | None:
        has_meta = self._con.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone()
        row = self._con.execute("SELECT value FROM meta WHERE name = ?", [name]).fetchone() if has_meta else None
        return str(row[0]) if row else None

    def reset(self) -> None:
        """Empty the index: it stands for the empty corpus, seq 0."""
        tables = [r[0] for r in self._con.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        with self._transaction():
            for table in tables:
                self._con.execute(f"DROP TABLE {table}")
            for statement in SCHEMA.split(";"):
                self._con.execute(statement)
            self._set("index_version", str(INDEX_VERSION))
            self._set("seq", "0")
            self._set("commit", "")

    def _set(self, name: str, value: str) -> None:
        self._con.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", [name, value])

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._con.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._con.execute("ROLLBACK")
            raise
        self._con.execute("COMMIT")

    @property
    def seq(self) -> int:
        return int(self._value("seq") or 0)

    @property
    def corpus_md5(self) -> str:
        """md5 of the corpus version that the index stands for: a rewritten history is seen and rebuilt from."""
        return self._value("commit") or ""

    # bringing it forward

    def apply(self, seq: int, corpus_md5: str, night: dt.date, rows: Rows) -> None:
        """Bring the index forward by the rows that version `seq` added."""
        with self._transaction():
            self._apply(seq, night, rows)
            self._set("seq", str(seq))
            self._set("commit", corpus_md5)

    @contextlib.contextmanager
    def preview(self, seq: int, night: dt.date, rows: Rows) -> Iterator[None]:
        """The index as it will be with these rows, inside the block only."""
        self._con.execute("BEGIN IMMEDIATE")
        try:
            self._apply(seq, night, rows)
            yield
        finally:
            self._con.execute("ROLLBACK")

    def _apply(self, seq: int, night: dt.date, rows: Rows) -> None:
        touched = self._touched(rows)
        self._count_gold(touched, -1)
        self._apply_rows(seq, night, rows)
        self._count_gold(touched, +1)

    def _touched(self, rows: Rows) -> set[str]:
        """Documents whose gold these rows may change, those that an id named before among them."""
        named = {str(r["doc_id"]) for t in ("splits", "figures", "id_aliases") for r in rows.get(t, ())}
        named |= {str(r["alias"]) for r in rows.get("id_aliases", ())}
        return named | set(self.doc_ids(named).values())

    def _count_gold(self, doc_ids: Iterable[str], sign: int) -> None:
        """Take what these documents hold out of the sizes of the splits, or put it in: so nothing else is counted."""
        for doc_id in doc_ids:
            split = self.split(doc_id)
            for task, n in self._gold_of(doc_id).items():
                self._con.execute(
                    "INSERT INTO gold_size VALUES (?, ?, ?, ?) ON CONFLICT (task, split) DO UPDATE SET "
                    "n_documents = n_documents + excluded.n_documents, n_spans = n_spans + excluded.n_spans",
                    [task, split, sign, sign * n],
                )

    def _gold_of(self, doc_id: str) -> dict[str, int]:
        return {str(task): int(n) for task, n in self._con.execute(GOLD_OF, [doc_id])}

    def _apply_rows(self, seq: int, night: dt.date, rows: Rows) -> None:
        con = self._con
        con.executemany(
            "INSERT OR REPLACE INTO aliases VALUES (?, ?)",
            [(r["alias"], r["doc_id"]) for r in rows.get("id_aliases", ())],
        )
        con.executemany(
            "INSERT OR IGNORE INTO deliveries VALUES (?, ?, ?, ?)",
            [
                (r["delivery_id"], r["sender"], r["review_stage"], int(bool(r["has_roles"])))
                for r in rows.get("deliveries", ())
            ],
        )
        self._apply_splits(seq, rows.get("splits", ()))
        self._apply_documents(night, rows.get("documents", ()))
        self._apply_figures(rows.get("figures", ()))
        self._apply_curated(night, rows)
        con.executemany(
            "INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (r["event_id"], r["doc_id"], r["event"], str(r["event_date"] or ""), r.get("source") or "",
                 night.isoformat(), r.get("delivery_id") or "", r.get("raw_sha256") or "")
                for r in rows.get("document_events", ())
            ],
        )  # fmt: skip
        con.executemany(
            "INSERT OR IGNORE INTO twins VALUES (?, ?)",
            [
                pair
                for r in rows.get("document_events", ()) if r["event"] == "preprint_of" and r["notice_id"]
                for pair in ((r["doc_id"], r["notice_id"]), (r["notice_id"], r["doc_id"]))
            ],
        )  # fmt: skip
        self._apply_benchmark(rows.get("benchmark", ()))

    def _apply_benchmark(self, rows: Sequence[Row]) -> None:
        self._con.executemany(
            "INSERT OR REPLACE INTO benchmark VALUES (?, ?, ?, ?, ?)",
            [(r["task"], r["benchmark_version"], r["doc_id"], r["figure_id"], r["record_sha256"]) for r in rows],
        )
        held = {(r["task"], r["benchmark_version"], r["doc_id"]) for r in rows}
        sizes = Counter((task, version) for task, version, _ in held)
        self._con.executemany(
            "INSERT OR REPLACE INTO benchmark_size VALUES (?, ?, ?)", [(*key, n) for key, n in sizes.items()]
        )

    def _apply_splits(self, seq: int, rows: Iterable[Row]) -> None:
        for row in rows:
            if row["kind"] == "membership":
                self._con.execute(
                    "INSERT INTO docs VALUES (?, ?, ?, NULL) ON CONFLICT (doc_id) DO UPDATE SET split = excluded.split",
                    [row["doc_id"], seq, row["split"]],
                )
            else:
                self._con.execute("UPDATE docs SET exclusion = ? WHERE doc_id = ?", [row["reason"], row["doc_id"]])

    def _take_revision(
        self, key_id: str, row: Row, key: RevisionKey, figure: tuple[str | None, str | None, int] = (None, None, 0)
    ) -> bool:
        """`figure`: of a curated one its id, its group and the rank of its review stage."""
        known = self.current_key(key_id)
        if known is not None and known > key:
            return False  # an equal one stands anew: of a replay, with more of its rows
        self._con.execute(
            "INSERT OR REPLACE INTO revisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [key_id, row["doc_id"], row["kind"], key.stamp, key.version, key.parser, key.sha, *figure],
        )
        return True

    def _apply_documents(self, night: dt.date, rows: Iterable[Row]) -> None:
        for row in rows:
            if row["kind"] == "publication":
                self._take_revision(str(row["doc_id"]), row, revision_key(row, night))

    def _apply_figures(self, rows: Iterable[Row]) -> None:
        for row in rows:
            if row["kind"] == "publication":
                self._con.execute(
                    "INSERT OR REPLACE INTO figures VALUES (?, ?, ?, ?, ?)",
                    [row["figure_id"], row["doc_id"], row["label"], row["jats_id"], row["legend"]],
                )
            is_auxiliary = row["kind"] == "auxiliary"  # nobody is judged on it, so nothing leaks into it
            leak = leak_hash(str(row["legend"])) if row["legend"] and not is_auxiliary else None
            if leak:
                self._con.execute("INSERT OR IGNORE INTO legends VALUES (?, ?)", [leak, row["doc_id"]])

    def _apply_curated(self, night: dt.date, rows: Rows) -> None:
        panels, annotations = _by_revision(rows.get("panels", ())), _by_revision(rows.get("annotations", ()))
        for row in rows.get("figures", ()):
            if row["kind"] not in CURATED_KINDS:
                continue
            figure_id, (sender, stage, has_roles) = str(row["figure_id"]), self.delivery(row["delivery_id"])
            layer, group = layer_id(figure_id, sender, stage), gold_group(figure_id, str(row["source"]))
            is_gold = row["kind"] == "curation" and not row.get("is_deleted")  # what was taken back is nobody's gold
            rank = STAGE_RANK[stage] if is_gold else 0
            if not self._take_revision(layer, row, revision_key(row, night), (figure_id, group, rank)):
                continue
            key = _revision(row)
            counts = task_counts(panels.get(key, ()), annotations.get(key, ()), has_roles=has_roles)
            self._con.execute("DELETE FROM gold WHERE id = ?", [layer])
            self._con.executemany(
                "INSERT INTO gold VALUES (?, ?, ?)", [(layer, task, n) for task, n in sorted(counts.items()) if n]
            )

    # look-ups

    def doc_ids(self, aliases: Iterable[str]) -> dict[str, str]:
        """The documents that these aliases name, of those known."""
        found = {}
        for alias in aliases:
            row = self._con.execute("SELECT doc_id FROM aliases WHERE alias = ?", [alias]).fetchone()
            if row:
                found[alias] = str(row[0])
        return found

    def aliases_of(self, doc_id: str) -> list[str]:
        return [r[0] for r in self._con.execute("SELECT alias FROM aliases WHERE doc_id = ? ORDER BY alias", [doc_id])]

    def first_seq(self, doc_id: str) -> int:
        row = self._con.execute("SELECT seq FROM docs WHERE doc_id = ?", [doc_id]).fetchone()
        return int(row[0]) if row else NEVER

    def split(self, doc_id: str) -> str | None:
        row = self._con.execute("SELECT split FROM docs WHERE doc_id = ?", [doc_id]).fetchone()
        return str(row[0]) if row else None

    def is_excluded(self, doc_id: str) -> bool:
        row = self._con.execute("SELECT exclusion FROM docs WHERE doc_id = ?", [doc_id]).fetchone()
        return bool(row and row[0])

    def delivery(self, delivery_id: object) -> tuple[str, str, bool]:
        """(sender, review stage, has it roles) of a delivery; one that nothing is known of is a machine's."""
        query = "SELECT sender, review_stage, has_roles FROM deliveries WHERE delivery_id = ?"
        row = self._con.execute(query, [delivery_id]).fetchone()
        return (str(row[0]), str(row[1]), bool(row[2])) if row else ("", "machine", False)

    def current_key(self, key_id: str) -> RevisionKey | None:
        """Key of the current revision of a publication (by doc_id) or a curated figure (by core.gold.layer_id)."""
        row = self._con.execute("SELECT stamp, version, parser, sha FROM revisions WHERE id = ?", [key_id]).fetchone()
        return RevisionKey(str(row[0]), int(row[1]), int(row[2]), str(row[3])) if row else None

    def known_figures(self, doc_id: str) -> list[KnownFigure]:
        """Every figure that any revision of the document had, as last seen."""
        rows = self._con.execute(
            "SELECT figure_id, label, jats_id, legend FROM figures WHERE doc_id = ? ORDER BY figure_id", [doc_id]
        )
        return [KnownFigure(split_figure_id(str(r[0]))[1], r[1], r[2], r[3]) for r in rows]

    def documents_with_legend(self, leak: str) -> list[str]:
        return [r[0] for r in self._con.execute("SELECT doc_id FROM legends WHERE leak = ? ORDER BY doc_id", [leak])]

    def twins_of(self, name: str) -> list[str]:
        """Ids of the preprint or the article of a document, as statements named both; `name`: one of its ids."""
        return [r[0] for r in self._con.execute("SELECT b FROM twins WHERE a = ? ORDER BY b", [name])]

    def has_event(self, event_id: str, delivery_id: str | None = None) -> bool:
        """True where the statement is known, of a delivery: where that one made it."""
        query = "SELECT 1 FROM events WHERE event_id = ? AND delivery_id = coalesce(?, delivery_id)"
        return self._con.execute(query, [event_id, delivery_id]).fetchone() is not None

    def has_delivery(self, delivery_id: str) -> bool:
        query = "SELECT 1 FROM deliveries WHERE delivery_id = ?"
        return self._con.execute(query, [delivery_id]).fetchone() is not None

    def retracted(self) -> set[str]:
        """Retracted documents, by the rule of schemas/current/70_status.sql; an undated statement has no stamp."""
        return {str(row[0]) for row in self._con.execute(RETRACTED)}

    def gold_figures(self, task: str, split: str) -> list[tuple[str, str, str, int]]:
        """(doc_id, figure_id, record_sha256, spans) of the gold of a task in a split: the rule is in core/gold.py."""
        found = self._con.execute(GOLD, [split, task])
        return [(str(a), str(b), str(c), int(n)) for a, b, c, n in found]

    def gold_size(self, task: str, split: str, without: Iterable[str] = ()) -> tuple[int, int]:
        """(documents, spans) of the gold of a task in a split, less those of the documents in `without`."""
        row = self._con.execute(
            "SELECT n_documents, n_spans FROM gold_size WHERE task = ? AND split = ?", [task, split]
        ).fetchone()
        left_out = [self._gold_of(d).get(task, 0) for d in without if self.split(d) == split]
        documents, spans = row or (0, 0)
        return int(documents) - sum(1 for n in left_out if n), int(spans) - sum(left_out)

    def benchmark_size(self, task: str) -> tuple[int, int]:
        """Newest benchmark version of a task (0: none), and how many documents it holds."""
        query = "SELECT version, n_documents FROM benchmark_size WHERE task = ? ORDER BY version DESC LIMIT 1"
        row = self._con.execute(query, [task]).fetchone()
        return (int(row[0]), int(row[1])) if row else (0, 0)

    def in_benchmark(self, task: str, version: int, doc_ids: Iterable[str]) -> set[str]:
        """Those of the documents that a benchmark version holds."""
        query = "SELECT 1 FROM benchmark WHERE doc_id = ? AND task = ? AND version = ?"
        return {d for d in doc_ids if self._con.execute(query, [d, task, version]).fetchone()}

    def benchmark_figures(self, task: str) -> tuple[int, list[tuple[str, str, str]]]:
        """Newest benchmark version of a task (0: none) and its (doc_id, figure_id, record_sha256)."""
        version, _ = self.benchmark_size(task)
        query = "SELECT doc_id, figure_id, sha FROM benchmark WHERE task = ? AND version = ? ORDER BY figure_id"
        return version, [(str(a), str(b), str(c)) for a, b, c in self._con.execute(query, [task, version])]

    def fingerprint(self) -> str:
        """Hash of the whole content, for tests: a rebuilt index equals one that was brought forward."""
        out = []
        for (table,) in self._con.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"):
            out.append([table, sorted(map(list, self._con.execute(f"SELECT * FROM {table}")), key=str)])
        return sha256_text(json.dumps(out))


def _revision(row: Row) -> tuple[object, ...]:
    return (row["figure_id"], row["record_sha256"], row["delivery_id"], row["raw_sha256"])


def _by_revision(rows: Iterable[Row]) -> dict[tuple[object, ...], list[Row]]:
    grouped: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        grouped.setdefault(_revision(row), []).append(row)
    return grouped
