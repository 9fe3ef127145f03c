"""Texts without figures (abstracts, passages, sentences, captions): one curated figure a text, its mentions proved.

Where the sender names a document, the text belongs to it. Where it does not, the text itself is the document: its id
is the hash of its words, its key counts how often the file had it before. So a corrected file supersedes what it
tagged anew and leaves the rest alone, whatever was inserted in between; a corrected sentence is a new one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipelines.core.hashing import sha256_text
from pipelines.core.labels import load_labels
from pipelines.core.records import CuratedFigure, DocIds, PanelRecord, ParsedFile, Reason, Rejection
from pipelines.errors import RejectedInput
from pipelines.ingest.curation import Tally, TracedText, mark_nested, merge_rows, trace_legend
from pipelines.ingest.json_safety import refuse_control_characters
from pipelines.ingest.mentions import Block, Context, RawMention, detect_byte_offsets, make_annotation, prove


@dataclass(frozen=True)
class MarkedText:
    """One text as delivered. `ids` empty: it is a document of its own. `where` names it in messages; `fault` says why
    the sender's marks of it cannot be used, "" where they can; `starts` are offsets at which panels begin."""

    where: str
    text: str
    mentions: tuple[RawMention, ...]
    ids: DocIds = field(default_factory=DocIds)
    key: str = "text"
    label: str | None = None
    fault: str = ""
    reason: Reason = Reason.BAD_TAGS
    n_mentions: int = -1
    starts: tuple[int, ...] = ()

    @property
    def n_delivered(self) -> int:
        """Mentions that count as delivered, those that could not be read among them."""
        return len(self.mentions) if self.n_mentions < 0 else self.n_mentions


class _Names:
    """Ids and keys of texts as they come."""

    def __init__(self, stem: str) -> None:
        self._stem = stem
        self._taken: Counter[tuple[DocIds, str]] = Counter()

    def add(self, text: MarkedText, legend: str) -> tuple[DocIds, str]:
        ids = text.ids if text.ids != DocIds() else DocIds(local_id=f"text-{sha256_text(legend)[:16]}")
        key = f"{self._stem}-{text.key}"
        self._taken[ids, key] += 1
        n = self._taken[ids, key]
        return ids, key if n == 1 else f"{key}-{n}"


def _reject(text: MarkedText, reason: Reason, why: str, tally: Tally) -> None:
    tally.reject(Rejection("figure", reason, f"{text.where} was refused: {why}", text.where))
    if text.n_delivered:
        message = f"{text.n_delivered} annotations of {text.where} were refused with it"
        tally.reject(Rejection("annotation", Reason.PARENT_REJECTED, message, text.where, n=text.n_delivered))


def _trace(text: MarkedText) -> TracedText:
    """The legend of a text; RejectedInput where it has none or its marks cannot be used."""
    if text.fault:
        raise RejectedInput(text.reason, text.fault)
    refuse_control_characters(text.text)
    traced = trace_legend(text.text)
    if not traced.text:
        raise RejectedInput(Reason.NO_LEGEND, "it has no text")
    return traced


def _make_panels(text: MarkedText, traced: TracedText) -> tuple[PanelRecord, ...]:
    """Panels from where they begin; what stands before the first belongs to it. Their tags are not known."""
    markers = sorted({span[0] for start in text.starts if (span := traced.map_span(start, start + 1))})
    borders = [0, *markers[1:], len(traced.text)]
    panels = []
    for n, marker in enumerate(markers):
        end = borders[n] + len(traced.text[borders[n] : borders[n + 1]].rstrip())
        panels.append(PanelRecord(n, borders[n], end, marker_offsets=(marker,), is_labelled=False))
    return tuple(panels)


def _make_figure(text: MarkedText, traced: TracedText, context: Context, name: tuple[DocIds, str]) -> CuratedFigure:
    block, rows = Block(0, text.text, text.mentions), []
    for mention in text.mentions:
        row = prove(text.where, block, mention, traced, context)
        if isinstance(row, Rejection):
            context.tally.reject(row)
        else:
            rows.append(make_annotation(row, traced.text, (row.start, row.end), context.labels))
    records, n_repeated = merge_rows(rows)
    panels = _make_panels(text, traced)
    for kind in ("n_in", "valid"):
        context.tally.count("panel", kind, len(panels))
    context.tally.count("annotation", "duplicate", n_repeated)
    context.tally.count("annotation", "valid", sum(record.n_source_rows for record in records))
    ids, key = name
    return CuratedFigure(
        ids=ids, key=key, legend=traced.text, label=text.label, panels=panels,
        annotations=mark_nested(records),
    )  # fmt: skip


def parse_texts(texts: Sequence[MarkedText], kind: str, labels: str, tally: Tally | None = None) -> ParsedFile:
    """One curated figure a text, and one rejection for every text or mention that cannot be used.

    `kind` is the format, `labels` the map of labels.toml that gives the types, "" for SourceData's own. Keys begin
    with the map's name, so that two corpora with one abstract do not supersede each other. Counts: `document` documents
    named, `figure` texts, `panel` panels that begin in them, `annotation` mentions.
    """
    tally = tally or Tally()
    found, known = load_labels(), Counter[DocIds]()
    is_bytes = detect_byte_offsets([Block(0, t.text, t.mentions) for t in texts])
    context = Context(is_bytes, found, found.maps.get(labels), tally)
    names, figures = _Names(labels or kind), []
    for text in texts:
        tally.count("figure", "n_in")
        tally.count("annotation", "n_in", text.n_delivered)
        try:
            traced = _trace(text)
        except RejectedInput as error:
            _reject(text, Reason(error.reason), error.message, tally)
            continue
        figure = _make_figure(text, traced, context, names.add(text, traced.text))
        known[figure.ids] += 1
        tally.count("figure", "valid")
        figures.append(figure)
    for what in ("n_in", "valid"):
        tally.count("document", what, len(known))
    return ParsedFile(kind, (), tuple(figures), tuple(tally.rejections), tally.balance())
