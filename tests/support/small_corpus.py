"""A small corpus for tests: rows with sensible defaults, as the frozen files that a corpus version consists of."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.clients.corpus_repo import CorpusFile, CorpusRepo
from pipelines.core.hashing import content_hash, sha256_bytes, sha256_text, short_hash
from pipelines.core.splits import bucket_of, split_of
from pipelines.core.tables import corpus_schema, parquet_bytes, rows_to_table, sort_rows
from pipelines.settings import Settings, load

Row = dict[str, object]


_sha = content_hash
legend_sha = sha256_text


@dataclass
class SmallCorpus:
    """Rows of one version, by table. `night` is where they are frozen."""

    night: str = "2026-11-18"
    rows: dict[str, list[Row]] = field(default_factory=dict)

    def add(self, table: str, **row: object) -> Row:
        self.rows.setdefault(table, []).append(row)
        return row

    def _origin(self, source: str, raw: str, record: str, stated: str | None = None, delivery: int = 1) -> Row:
        return {
            "source": source,
            "delivery_id": f"{source}:{self.night}:{delivery}",
            "raw_sha256": _sha(raw),
            "parser_version": 1,
            "stated_date": dt.date.fromisoformat(stated) if stated else None,
            "stated_version": 0,
            "record_sha256": _sha(record),
            "is_synthetic": True,
        }

    def identity(self, doc_id: str, source: str, split: str | None = None, aliases: Sequence[str] = ()) -> None:
        """Aliases and split membership, as freeze writes them for a document seen for the first time."""
        for alias in (doc_id, *aliases):
            self.add("id_aliases", alias=alias, doc_id=doc_id, source=source, raw_sha256=_sha(doc_id))
        self.add("splits", doc_id=doc_id, kind="membership", split=split or split_of(doc_id), bucket=bucket_of(doc_id))

    def publication(self, doc_id: str, figures: Sequence[tuple[str, str, str | None]], **values: object) -> str:
        """A publication with figures (key, label, legend); returns its record hash."""
        record = content_hash([doc_id, list(figures), values.get("title")])
        origin = self._origin("deposit", f"{doc_id} {self.night}", record)
        row: Row = {
            "doc_id": doc_id,
            "kind": "publication",
            "doi": doc_id,
            "title": f"Title of {doc_id}",
            "licence": "open",
            "pub_date": dt.date(2026, 3, 1),
            "n_figures": len(figures),
            **origin,
            **values,
        }
        self.add("documents", **row)
        for position, (key, label, legend) in enumerate(figures):
            self._figure(doc_id, key, "publication", label, legend, position, origin)
        return str(origin["record_sha256"])

    def _figure(
        self, doc_id: str, key: str, kind: str, label: str | None, legend: str | None, position: int, origin: Row
    ) -> str:
        figure_id = f"{doc_id}#{key}"
        self.add(
            "figures",
            figure_id=figure_id,
            doc_id=doc_id,
            kind=kind,
            label=label,
            legend=legend,
            position=position,
            legend_sha256=legend_sha(legend) if legend else None,
            graphics=[],
            place="body",
            is_deleted=False,
            **origin,
        )
        return figure_id

    def curated(
        self,
        doc_id: str,
        key: str,
        label: str,
        legend: str,
        mentions: Sequence[Mapping[str, object]],
        panels: Sequence[tuple[str, str]] = (),
        stated: str | None = None,
        delivery: int = 1,
        sender: str = "tests",
        stage: str = "curator",
    ) -> str:
        """A curated figure: mentions are {text, type, role?, ids?, is_machine?} found in the legend; panels (letter,
        text). Its delivery, by number, is another's where `sender` or `stage` says so (see `delivery`)."""
        content = [doc_id, key, legend, mentions, *([sender, stage] if (sender, stage) != ("tests", "curator") else [])]
        raw = f"{doc_id} {key} {self.night}{f' {delivery}' if delivery > 1 else ''}"
        origin = self._origin("curation", raw, content_hash(content), stated, delivery)
        if not any(r["doc_id"] == doc_id and r["kind"] == "curation" for r in self.rows.get("documents", [])):
            self.add("documents", doc_id=doc_id, kind="curation", licence="unknown", n_figures=1, **origin)
        figure_id = self._figure(doc_id, f"cur-curation-{key}", "curation", label, legend, 0, origin)
        bounds = []
        for number, (letter, text) in enumerate(panels):
            start = legend.index(text)
            bounds.append((start, start + len(text)))
            self.add(
                "panels",
                figure_id=figure_id,
                panel_no=number,
                start_offset=start,
                end_offset=start + len(text),
                labels=[letter],
                marker_offsets=[start],
                has_marker=True,
                is_labelled=True,
                coords=[],
                **origin,
            )
        for number, mention in enumerate(mentions):
            made_by = (sender, "machine" if mention.get("is_machine") else stage)
            self._annotation(figure_id, legend, mention, bounds, number, origin, made_by)
        return figure_id

    def _annotation(
        self,
        figure_id: str,
        legend: str,
        mention: Mapping[str, object],
        bounds: Sequence[tuple[int, int]],
        number: int,
        origin: Row,
        made_by: tuple[str, str],
    ) -> None:
        text = str(mention["text"])
        is_floating = bool(mention.get("is_floating"))
        start = None if is_floating else legend.index(text)
        panel_no = mention.get("panel_no")
        if start is not None:
            panel_no = next((n for n, (a, b) in enumerate(bounds) if a <= start < b), None)
        ids = mention.get("ids", [])
        assert isinstance(ids, list)
        self.add(
            "annotations",
            annotation_id=short_hash(figure_id, number, origin["record_sha256"]),
            figure_id=figure_id,
            panel_no=panel_no,
            start_offset=start,
            end_offset=None if start is None else start + len(text),
            text=text,
            entity_type=mention["type"],
            raw_type=str(mention["type"]).lower(),
            role=mention.get("role"),
            raw_role=mention.get("role"),
            ext_ids=[i.split("|")[1] for i in ids],
            ext_dbs=[i.split("|")[0] for i in ids],
            tag_ids=[],
            n_source_rows=1,
            is_floating=is_floating,
            is_nested=False,
            annotator=made_by[0],
            review_stage=made_by[1],
            legend_sha256=legend_sha(legend),
            **origin,
        )

    def event(self, doc_id: str, event: str, date: str, kind: str = "integrity") -> None:
        origin = self._origin("deposit", f"{event} {doc_id}", f"{event} {doc_id} {date}")
        self.add(
            "document_events",
            event_id=short_hash(doc_id, event, date),
            doc_id=doc_id,
            kind=kind,
            event=event,
            event_date=dt.date.fromisoformat(date),
            **origin,
        )

    def delivery(self, source: str, number: int = 1, sender: str = "tests", stage: str = "curator",
                 types: Sequence[str] = (), **values: object) -> None:  # fmt: skip
        self.add(
            "deliveries",
            delivery_id=f"{source}:{self.night}:{number}",
            source=source,
            sender=sender,
            format="mixed",
            review_stage=stage,
            annotated_types=list(types),
            has_roles=True,
            is_synthetic=True,
            name=source,
            content_sha256=_sha(source + self.night),
            **values,
        )

    def parquet(self, part: int = 0) -> dict[str, bytes]:
        """Files of the version by their path below data/."""
        return {
            f"{table}/night={self.night}/part-{part}.parquet": parquet_bytes(
                rows_to_table(_whole(table, rows), corpus_schema(table))
            )
            for table, rows in sorted(self.rows.items())
        }


def _whole(table: str, rows: Sequence[Row]) -> list[Mapping[str, object]]:
    names = corpus_schema(table).names
    return sort_rows(table, [{n: row.get(n) for n in names} for row in rows])


def corpus_files(folder: Path, *versions: SmallCorpus) -> list[CorpusFile]:
    """The versions as files on disk, seq 1, 2, …: for tests that need no repository."""
    out = []
    for seq, version in enumerate(versions, start=1):
        for relpath, data in version.parquet(seq - 1).items():
            path = folder / relpath
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            out.append(
                CorpusFile(relpath.split("/")[0], version.night, seq - 1, seq, relpath, short_hash(data.hex()), path)
            )
    return out


def home_settings(root: Path, **environ: str) -> Settings:
    """Settings of a demo home at `root`."""
    return load({f"NIGHTCAP_{k.upper()}": v for k, v in environ.items()}, root, "demo")


def freeze_version(settings: Settings, version: SmallCorpus, seq: int = 1) -> str:
    """A real version in the home's corpus repository; returns its tag."""
    repo = CorpusRepo(settings)
    repo.open()
    files = version.parquet()
    repo.write_files(files)
    md5 = repo.add_files(sorted(files))
    repo.push_data(sorted(files))
    tag = f"corpus/{version.night}"
    repo.write_manifest(
        {
            "seq": seq,
            "tag": tag,
            "parent": None,
            "kind": "night",
            "night": version.night,
            "run_key": version.night,
            "part": 0,
            "corpus_md5": md5,
            "is_regular": True,
            "benchmark": {},
            "files": [{"path": p, "sha256": sha256_bytes(d), "bytes": len(d)} for p, d in sorted(files.items())],
            "rows": {t: len(r) for t, r in version.rows.items()},
        }
    )
    repo.commit(f"{tag}: a version of the tests")
    repo.tag(tag)
    repo.push(tag)
    return tag


def close_night(
    settings: Settings, night: str, corpus_version: str | None, issues: Sequence[Row] = (), **values: object
) -> None:
    """The records that the close step leaves: the night's row, one account, one quality result, rejected units."""
    folder = settings.path("reports", "nights", night)
    folder.mkdir(parents=True, exist_ok=True)
    row = {
        "night": night,
        "run_key": night,
        "corpus_version": corpus_version,
        "status": "published",
        "sources_missing": [],
        "n_documents": 3,
        "n_figures": 4,
        "n_annotations": 5,
        "n_quarantined": len(issues),
        "seconds": 1.5,
        "message": "A night of the tests.",
        **values,
    }
    account = {
        "night": night,
        "run_key": night,
        "stage": "parse",
        "unit": "file",
        "n_in": 3,
        "valid": 3,
        "quarantined": 0,
        "duplicate": 0,
        "unchanged": 0,
        "ignored": 0,
    }
    result = {
        "night": night,
        "run_key": night,
        "suite": "figures",
        "rule": "legend is not empty",
        "severity": "warning",
        "success": True,
        "n_checked": 4,
        "rule_version": "1",
        "band": None,
        "n_failed": 0,
        "observed": None,
    }
    (folder / "night.json").write_text(json.dumps(row))
    (folder / "accounting.jsonl").write_text(json.dumps(account) + "\n")
    (folder / "quality_results.jsonl").write_text(json.dumps(result) + "\n")
    quarantine = settings.path("quarantine")
    quarantine.mkdir(parents=True, exist_ok=True)
    (quarantine / f"{night}.jsonl").write_text("".join(json.dumps(i) + "\n" for i in issues))


def issue(reason: str, name: str, night: str) -> Row:
    """One rejected file, as the check step writes it."""
    return {
        "issue_id": short_hash("deposit", "file", reason, name),
        "night": night,
        "source": "deposit",
        "unit": "file",
        "reason": reason,
        "message": f"{name} cannot be read",
        "name": name,
        "locator": "",
        "raw_sha256": _sha(name),
        "delivery_id": f"deposit:{night}:1",
        "payload": "{}",
    }
