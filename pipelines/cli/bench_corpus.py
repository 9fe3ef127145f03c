"""A corpus of any size for benchmarks, in the corpus format: documents with figures, each figure published and curated.

Equal arguments give equal bytes. The rows are what freeze would have written night by night, and the index and the
benchmark versions are brought forward night by night through the same code; only the commit is one for all nights (one
`dvc add`, one push), because a hundred would take as many minutes and leave the same files.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pyarrow as pa

from pipelines.clients.corpus_repo import CorpusRepo
from pipelines.core.hashing import sha256_text
from pipelines.core.splits import bucket_of, split_of
from pipelines.core.tables import corpus_schema, parquet_bytes
from pipelines.corpus.benchmark import next_benchmarks
from pipelines.corpus.index import Index
from pipelines.corpus.manifest import build_manifest, version_files
from pipelines.settings import Settings

Row = dict[str, object]
LAST_NIGHT = dt.date(2026, 11, 19)
PER_FIGURE, FIGURES = 30, 4  # annotations of a curated figure (as in Bio-ID), figures of a document
_PANELS = "ABC"
_WORDS = tuple(
    a + b + c for a in "bdfgklmnprst" for b in "aeiou" for c in ("n", "rd", "st", "ling", "mer", "tion", "x")
)
_NAMES = (
    ("GENEPROD", "protein", "Kinase alpha", "measured"), ("SMALL_MOLECULE", "molecule", "bafilomycin", "controlled"),
    ("CELL_LINE", "cell_line", "HeLa", None), ("SUBCELLULAR", "subcellular", "nuclei", None),
    ("GENEPROD", "gene", "Bench12", "controlled"), ("TISSUE", "tissue", "liver", None),
    ("ORGANISM", "organism", "mice", None), ("EXP_ASSAY", "assay", "immunoblotting", None),
    ("GENEPROD", "protein", "tubulin", "boring"), ("CELL_TYPE", "cell_type", "neurons", None),
)  # fmt: skip


@dataclass
class Template:
    """A legend up to its last mention; what differs from figure to figure comes after it: so every offset is known."""

    head: str = ""
    mentions: list[tuple[int, int, str, str, str | None, int]] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)

    def legend(self, number: int) -> str:
        dice = hashlib.sha512(str(number).encode()).digest()
        words = " ".join(_WORDS[(b + 11 * i) % len(_WORDS)] for i, b in enumerate(dice))
        return f"{self.head}Scale bar of figure {number:09d}. {words}."


def make_template() -> Template:
    """Three panels of ten mentions each."""
    out = Template()
    for panel, letter in enumerate(_PANELS):
        out.starts.append(len(out.head))
        out.head += f"({letter}) "
        for entity_type, raw_type, name, role in _NAMES:
            out.head += "Shown with "
            out.mentions.append((len(out.head), len(out.head) + len(name), entity_type, raw_type, role, panel))
            out.head += f"{name}. "
    return out


class NightRows:
    """What night `night` adds, figures `first` and the next `n_figures`, multiples of FIGURES: rows by table, and its
    annotations as an Arrow table beside them."""

    def __init__(self, night: dt.date, first: int, n_figures: int) -> None:
        self.night = night
        self.template = make_template()
        self.rows: dict[str, list[Row]] = {}
        self._figures: list[Row] = []
        for number in range(first, first + n_figures, FIGURES):
            self._add_document(number)
        for source in ("curation", "deposit"):
            self._add("deliveries", {
                "delivery_id": self._delivery(source), "source": source, "sender": "bench", "format": "mixed",
                "review_stage": "curator", "annotated_types": sorted({n[0] for n in _NAMES}), "has_roles": True,
                "is_synthetic": True, "stated_date": None, "name": source, "content_sha256": sha256_text(str(first)),
            })  # fmt: skip

    def _add(self, table: str, row: Row) -> None:
        self.rows.setdefault(table, []).append(row)

    def _delivery(self, source: str) -> str:
        return f"{source}:{self.night.isoformat()}:1"

    def _origin(self, source: str, doc_id: str, record: str) -> Row:
        return {
            "source": source, "delivery_id": self._delivery(source), "raw_sha256": sha256_text(f"{source} {doc_id}"),
            "parser_version": 1, "stated_date": None, "stated_version": 0, "record_sha256": sha256_text(record),
            "is_synthetic": True,
        }  # fmt: skip

    def _add_document(self, number: int) -> None:
        doc_id = known_doi(number // FIGURES)
        published = self._origin("deposit", doc_id, doc_id)
        curated = self._origin("curation", doc_id, f"{doc_id} curated")
        common: Row = {"doc_id": doc_id, "doi": doc_id, "n_figures": FIGURES}
        self._add("documents", {**common, "kind": "publication", "title": f"Paper {number}", "licence": "open",
                                "pub_date": self.night, **published})  # fmt: skip
        self._add("documents", {**common, "kind": "curation", "licence": "unknown", **curated})
        self._add("id_aliases", {"alias": doc_id, "doc_id": doc_id, "source": "deposit",
                                 "raw_sha256": published["raw_sha256"]})  # fmt: skip
        self._add("splits", {"doc_id": doc_id, "kind": "membership", "split": split_of(doc_id),
                             "bucket": bucket_of(doc_id), "reason": None})  # fmt: skip
        for i in range(FIGURES):
            self._add_figure(doc_id, i, number + i, published)

    def _add_figure(self, doc_id: str, position: int, number: int, published: Row) -> None:
        legend, label = self.template.legend(number), f"Figure {position + 1}"
        common: Row = {"doc_id": doc_id, "label": label, "position": position, "legend": legend,
                       "legend_sha256": sha256_text(legend), "graphics": [], "place": "body",
                       "is_deleted": False}  # fmt: skip
        self._add("figures", {**common, "figure_id": f"{doc_id}#fig-{position + 1}", "kind": "publication",
                              "jats_id": f"f{position + 1}", **published})  # fmt: skip
        figure_id = f"{doc_id}#cur-curation-{position + 1}"
        curated = {**common, "figure_id": figure_id, "kind": "curation",
                   **self._origin("curation", doc_id, figure_id)}  # fmt: skip
        self._add("figures", curated)
        self._figures.append(curated)
        ends = [*(s - 1 for s in self.template.starts[1:]), len(legend)]
        origin = {k: curated[k] for k in published}
        for n, (start, end) in enumerate(zip(self.template.starts, ends, strict=True)):
            self._add("panels", {"figure_id": figure_id, "panel_no": n, "start_offset": start, "end_offset": end,
                                 "labels": [_PANELS[n]], "marker_offsets": [start + 1], "has_marker": True,
                                 "is_labelled": True, "coords": [], **origin})  # fmt: skip

    def iter_annotations(self) -> Iterator[Row]:
        """Annotations with the columns that the index and the manifest look at."""
        for figure in self._figures:
            same = {k: figure[k] for k in ("figure_id", "record_sha256", "delivery_id", "raw_sha256", "parser_version")}
            for start, end, entity_type, _, role, _ in self.template.mentions:
                yield {"start_offset": start, "end_offset": end, "entity_type": entity_type, "role": role,
                       "is_floating": False, "is_nested": False, "review_stage": "curator", **same}  # fmt: skip

    def annotations(self) -> pa.Table:
        """All annotations of the night in the corpus schema, column by column."""
        schema, n = corpus_schema("annotations"), len(self._figures)
        start, end, types, raw, roles, panels = (list(c) for c in zip(*self.template.mentions, strict=True))
        ids = [f"{str(f['record_sha256'])[:14]}{k:02d}" for f in self._figures for k in range(PER_FIGURE)]
        cycled: dict[str, list[Any]] = {
            "start_offset": start, "end_offset": end, "entity_type": types, "raw_type": raw, "role": roles,
            "raw_role": roles, "panel_no": panels,
            "text": [self.template.head[a:b] for a, b in zip(start, end, strict=True)],
        }  # fmt: skip
        fixed: dict[str, Any] = {
            "ext_ids": [], "ext_dbs": [], "tag_ids": [], "n_source_rows": 1, "is_floating": False, "is_nested": False,
            "annotator": "bench", "review_stage": "curator",
        }  # fmt: skip
        columns = []
        for f in schema:
            if f.name == "annotation_id":
                columns.append(pa.array(ids, f.type))
            elif f.name in cycled:
                columns.append(pa.array(cycled[f.name] * n, f.type))
            elif f.name in fixed:
                columns.append(pa.array([fixed[f.name]] * (n * PER_FIGURE), f.type))
            else:
                columns.append(pa.array([x[f.name] for x in self._figures for _ in range(PER_FIGURE)], f.type))
        return pa.table(columns, schema=schema)


def known_doi(number: int) -> str:
    """DOI of document `number` of any such corpus."""
    return f"10.5555/nightcap.bench.{number:08d}"


def nights_before(last: dt.date, n: int) -> list[dt.date]:
    return [last - dt.timedelta(days=n - 1 - i) for i in range(n)]


def build_corpus(settings: Settings, annotations: int, nights: int) -> dict[str, int]:
    """Write a corpus of about so many annotations in so many nights into an empty home, pushed and indexed.

    Returns what it holds: {nights, documents, figures, annotations, files, bytes}.
    """
    repo, index = CorpusRepo(settings), Index(settings.path("index", "index.db"))
    repo.open()
    per_night = FIGURES * max(1, annotations // (nights * PER_FIGURE * FIGURES))
    held = dict.fromkeys(("nights", "documents", "figures", "annotations", "files", "bytes"), 0)
    manifests: list[dict[str, object]] = []
    for seq, night in enumerate(nights_before(LAST_NIGHT, nights), start=1):
        made = NightRows(night, (seq - 1) * per_night, per_night)
        rows: dict[str, Sequence[Mapping[str, object]]] = {**made.rows, "annotations": list(made.iter_annotations())}
        index.apply(seq, f"night {seq}", night, rows)
        if benchmark := next_benchmarks(index, settings.benchmark.min_documents, settings.benchmark.min_spans):
            rows["benchmark"] = benchmark
            index.apply(seq, f"night {seq}", night, {"benchmark": benchmark})
        files = version_files({t: r for t, r in rows.items() if t != "annotations"}, night, 0)
        files[f"annotations/night={night.isoformat()}/part-0.parquet"] = parquet_bytes(made.annotations())
        repo.write_files(files)
        manifests.append(_manifest(manifests, rows, files, night))
        counted = {"nights": 1, "documents": len(made.rows["splits"]), "figures": len(made.rows["figures"]),
                   "annotations": len(rows["annotations"]), "files": len(files),
                   "bytes": sum(map(len, files.values()))}  # fmt: skip
        held = {k: n + counted[k] for k, n in held.items()}
    _commit(repo, index, manifests)
    return held


def _manifest(
    manifests: Sequence[Row], rows: Mapping[str, Any], files: Mapping[str, bytes], night: dt.date
) -> dict[str, object]:
    name = night.isoformat()
    manifest = build_manifest(
        manifests, rows, files, tag=f"corpus/{name}", kind="night", night=name, part=0, is_regular=True, run_key=name,
        inputs="bench",
    )  # fmt: skip
    return {**manifest, "corpus_md5": f"night {manifest['seq']}"}


def _commit(repo: CorpusRepo, index: Index, manifests: Sequence[dict[str, object]]) -> None:
    paths = [str(f["path"]) for m in manifests for f in cast(list[Row], m["files"])]
    md5 = repo.add_files(paths)
    repo.push_data(paths[-1:])
    manifests[-1]["corpus_md5"] = md5
    for manifest in manifests:
        repo.write_manifest(manifest)
    repo.commit("A corpus for benchmarks")
    for manifest in manifests:
        repo.tag(str(manifest["tag"]))
    repo.push(str(manifests[-1]["tag"]))
    repo.git("push", "-q", "--tags", "origin")
    index.apply(len(manifests), md5, LAST_NIGHT, {})
    index.close()
