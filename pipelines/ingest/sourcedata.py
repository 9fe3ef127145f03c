"""SourceData XML: one article a file, its figures by panel, curated tags within the text (domain.md 1.1 and 2.1).

Panels are the curator's, whole and in order, so every panel's start is known: at its printed marker, else at its
first word (a panel that begins with "Left, …"). Left-overs of machine pre-tagging (`sd-pretag`) are kept as a machine's
annotations beside the curator's: they make no panel labelled and are counted as a unit of their own, `pretag`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from lxml import etree

from pipelines.core.ids import UniqueKeys, figure_key, normalise_doi, normalise_pmcid, normalise_pmid
from pipelines.core.labels import Labels, load_labels
from pipelines.core.panels import expand_letters, marker_at
from pipelines.core.records import (
    AnnotationRecord,
    CuratedFigure,
    DocIds,
    PanelRecord,
    ParsedFile,
    Reason,
    Rejection,
)
from pipelines.core.text import first_words, fold
from pipelines.errors import RejectedInput
from pipelines.ingest.bioid_figures import find_gold_markers
from pipelines.ingest.curation import PRETAG, Tally, TracedText, mark_nested, merge_rows, trace_legend
from pipelines.ingest.sourcedata_tags import BadTag, ReadTag, is_machine_made, pretag_attributes, read_tag
from pipelines.ingest.sourcedata_text import RawPanel, RawTag, iter_outermost_panels, read_panels
from pipelines.ingest.xml_safety import parse_xml

#: Raised by hand whenever the same bytes can give other records.
PARSER_VERSION = 2
FORMAT = "sourcedata"
_LONGEST_BOLD_MARKER = 24


@dataclass
class _Context:
    """What all figures of an article share; `where` names the figure being read."""

    ids: DocIds
    stated_date: dt.date | None
    stated_version: int
    labels: Labels
    tally: Tally
    keys: UniqueKeys = field(default_factory=UniqueKeys)
    where: str = ""

    def reject(self, unit: str, reason: Reason, message: str, *, at: str = "", n: int = 1) -> None:
        self.tally.reject(Rejection(unit, reason, message, f"{self.where}{at}", n=n))


@dataclass
class _Panel:
    """A panel in the making: where it stands in the legend, and what its tags gave."""

    raw: RawPanel
    traced: TracedText
    start: int
    n_tagged: int = 0

    @property
    def end(self) -> int:
        return self.start + len(self.traced.text)


def _reject_tag(tag: RawTag, reason: Reason, why: str, context: _Context) -> None:
    tag_id = tag.attributes.get("id", "")
    surface = first_words(tag.attributes.get("text", ""))
    message = f"tag {tag_id} ({surface!r}) was refused: {why}"
    payload: dict[str, object] = dict(tag.attributes)
    context.tally.reject(Rejection("annotation", reason, message, f"{context.where}#{tag_id}", payload))


def _place_tag(panel: _Panel, tag: RawTag, read: ReadTag, panel_no: int, legend: str) -> AnnotationRecord | None:
    """The record of a tag; None where what the tag says it is and the text under it differ."""
    span = None if read.is_floating else panel.traced.map_span(tag.start, tag.end)
    start, end = (span[0] + panel.start, span[1] + panel.start) if span else (None, None)
    text = legend[start:end] if span else read.text
    if span and read.text and _plain(text) != _plain(read.text):
        return None
    return AnnotationRecord(
        start=start, end=end, text=text, entity_type=read.entity_type, raw_type=read.raw_type, role=read.role,
        raw_role=read.raw_role, ext_ids=read.ext_ids, ext_dbs=read.ext_dbs,
        tag_ids=(tag.attributes["id"],) if tag.attributes.get("id") else (), panel_no=panel_no,
        is_machine=is_machine_made(tag.attributes, load_labels()),
    )  # fmt: skip


def _plain(text: str) -> str:
    """Text for comparison: dashes, case and white space do not count (attribute and text differ in them)."""
    return "".join(fold(trace_legend(text).text).split())


def _read_tags(panel: _Panel, panel_no: int, legend: str, context: _Context) -> list[AnnotationRecord]:
    rows = []
    for tag in panel.raw.tags:
        has_text = panel.traced.map_span(tag.start, tag.end) is not None
        read = read_tag(tag.attributes, has_text=has_text, labels=context.labels)
        if read is None:
            context.tally.count("annotation", "ignored")
            panel.n_tagged += not _is_phantom(tag)
        elif isinstance(read, BadTag):
            _reject_tag(tag, read.reason, read.why, context)
        elif (record := _place_tag(panel, tag, read, panel_no, legend)) is None:
            _reject_tag(tag, Reason.TEXT_MISMATCH, "its attribute `text` is not the text that it stands on", context)
        else:
            panel.n_tagged += not record.is_machine
            rows.append(record)
    return rows


def _read_pretags(panel: _Panel, panel_no: int, legend: str, context: _Context) -> list[AnnotationRecord]:
    rows = []
    for tag in panel.raw.pretags:
        context.tally.count(PRETAG, "n_in")
        has_text = panel.traced.map_span(tag.start, tag.end) is not None
        read = read_tag(pretag_attributes(tag.attributes, context.labels), has_text=has_text, labels=context.labels)
        record = _place_tag(panel, tag, read, panel_no, legend) if isinstance(read, ReadTag) else None
        if record is None:
            context.tally.count(PRETAG, "ignored")
        else:
            rows.append(replace(record, is_machine=True, n_source_rows=0))
    kept, n_repeated = merge_rows(rows)
    context.tally.count(PRETAG, "valid", len(rows) - n_repeated)
    context.tally.count(PRETAG, "duplicate", n_repeated)
    return kept


def _is_phantom(tag: RawTag) -> bool:
    return set(tag.attributes) <= {"id", "source"}


def _make_panel(panel: _Panel, panel_no: int, expected: str) -> PanelRecord:
    text = panel.traced.text
    offsets, letters = _find_markers(panel, text, expected)
    return PanelRecord(
        panel_no=panel_no,
        start=panel.start,
        end=panel.end,
        labels=letters,
        marker_offsets=tuple(panel.start + at for at in offsets),
        has_marker=True,
        is_labelled=panel.n_tagged > 0,
        external_id=panel.raw.panel_id or None,
        coords=panel.raw.coords,
    )


def _find_markers(panel: _Panel, text: str, expected: str) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Offsets of the panel's markers in its text, and its letters. Without a printed marker: the first word."""
    bold = panel.traced.map_span(0, panel.raw.bold_end) if panel.raw.bold_end else None
    if bold and bold[1] <= _LONGEST_BOLD_MARKER and (letters := _bold_letters(text[bold[0] : bold[1]])):
        return (bold[0],), letters
    at_start = marker_at(text, 0)
    if at_start and (at_start.style != "bare" or at_start.letters[0] == expected):
        wanted = at_start.letters
    else:
        wanted = (expected,)
    markers = find_gold_markers(text, wanted, set())
    if not markers or (markers[0].style == "bare" and markers[0].start > 0):
        return (0,), ()
    return (markers[0].start,), markers[0].letters


def _bold_letters(text: str) -> tuple[str, ...]:
    """Letters of a bold beginning, `(A, B)` or `C.`; empty where it is a word such as "Left"."""
    marker = marker_at(f"{text.strip()} X", 0)
    if marker is None or marker.end < len(text.strip().rstrip(".,:;)")):
        return ()
    return expand_letters(text) if marker.letters else ()


def _next_letter(panels: Sequence[PanelRecord]) -> str:
    letters = [label for panel in panels for label in panel.labels]
    return chr(ord(letters[-1][0]) + 1) if letters and letters[-1][0] < "Z" else "A"


@dataclass
class _Figure:
    """A figure in the making: its panels one after the other, and repeats of one of them: the same text again, under
    the same id or another one (one text that serves two panels stands once)."""

    panels: list[_Panel] = field(default_factory=list)
    repeats: list[tuple[_Panel, RawPanel]] = field(default_factory=list)
    length: int = 0

    def add(self, raw: RawPanel, traced: TracedText) -> bool:
        """False where the text stands already."""
        for panel in self.panels:
            if panel.traced.text == traced.text:
                self.repeats.append((panel, raw))
                return False
        self.panels.append(_Panel(raw, traced, self.length))
        self.length += len(traced.text) + 1
        return True

    @property
    def legend(self) -> str:
        return " ".join(panel.traced.text for panel in self.panels)


def _read_panels(element: etree._Element, context: _Context) -> _Figure:
    figure, tally = _Figure(), context.tally
    for outermost in iter_outermost_panels(element):
        for n, raw in enumerate(found := read_panels(outermost)):
            tally.count("panel", "n_in")
            tally.count("annotation", "n_in", len(raw.tags))
            traced = trace_legend(raw.text)
            if not traced.text:
                _drop_empty(raw, context, is_wrapper=n < len(found) - 1)
            else:
                tally.count("panel", "valid" if figure.add(raw, traced) else "duplicate")
    return figure


def _drop_empty(raw: RawPanel, context: _Context, *, is_wrapper: bool) -> None:
    """A panel element that only wraps inner panels repeats them; any other one without text is refused."""
    where = f"/panel {raw.panel_id}"
    if is_wrapper and not raw.tags:
        context.tally.count("panel", "duplicate")
        return
    context.reject("panel", Reason.NO_LEGEND, f"panel {raw.panel_id} has no text", at=where)
    if raw.tags:
        message = f"{len(raw.tags)} tags of panel {raw.panel_id} were refused with it"
        context.reject("annotation", Reason.PARENT_REJECTED, message, at=where, n=len(raw.tags))


def _read_annotations(figure: _Figure, context: _Context) -> tuple[AnnotationRecord, ...]:
    """The records of all tags; those of a repeated panel are placed in the panel that it repeats."""
    rows: list[AnnotationRecord] = []
    pretags: list[AnnotationRecord] = []
    for panel_no, panel in enumerate(figure.panels):
        pretags += _read_pretags(panel, panel_no, figure.legend, context)
        rows += _read_tags(panel, panel_no, figure.legend, context)
        for raw in (raw for same, raw in figure.repeats if same is panel):
            again = _Panel(raw, trace_legend(raw.text), panel.start)
            rows += _read_tags(again, panel_no, figure.legend, context)
            panel.n_tagged += again.n_tagged
    records, n_repeated = merge_rows(rows)
    context.tally.count("annotation", "duplicate", n_repeated)
    context.tally.count("annotation", "valid", sum(record.n_source_rows for record in records))
    return mark_nested([*records, *pretags])


def _read_figure(element: etree._Element, context: _Context, position: int) -> CuratedFigure | None:
    figure_id, label = str(element.get("id", "")).strip(), " ".join((element.findtext("label") or "").split())
    context.where = f"fig {figure_id}"
    context.tally.count("figure", "n_in")
    figure = _read_panels(element, context)
    if not figure.panels:
        context.reject("figure", Reason.NO_LEGEND, f"figure {figure_id} ({label!r}) has no panel with text")
        return None
    annotations = _read_annotations(figure, context)
    panels: list[PanelRecord] = []
    for panel_no, panel in enumerate(figure.panels):
        panels.append(_make_panel(panel, panel_no, _next_letter(panels)))
    context.tally.count("figure", "valid")
    key = context.keys.add(figure_key(label or None, position))
    return CuratedFigure(
        ids=context.ids,
        key=key,
        legend=figure.legend,
        label=label or None,
        external_id=figure_id or None,
        position=position,
        graphics=tuple(str(g.get("href")) for g in element.iter("graphic") if g.get("href")),
        panels=tuple(panels),
        annotations=annotations,
        stated_date=context.stated_date,
        stated_version=context.stated_version,
    )


def _read_ids(root: etree._Element) -> DocIds:
    ids = DocIds(
        doi=normalise_doi(root.get("doi")),
        pmcid=normalise_pmcid(root.get("pmcid") or root.get("pmc_id")),
        pmid=normalise_pmid(root.get("pmid")),
        local_id=(root.get("id") or "").strip() or None,
    )
    if ids == DocIds():
        stated = root.get("doi")
        raise RejectedInput(Reason.NO_IDENTITY, f"the article has no usable id: its attribute doi is {stated!r}")
    return ids


def _read_statement(root: etree._Element) -> tuple[dt.date | None, int]:
    """Date and version that the sender states on the article. A bad one would misplace the whole revision."""
    date, version = (root.get("date") or "").strip(), (root.get("version") or "").strip()
    try:
        stated = dt.date.fromisoformat(date) if date else None
    except ValueError:
        raise RejectedInput(Reason.BAD_DATE, f"the article's date {date!r} is no date like 2026-11-18") from None
    if version and not (version.isascii() and version.isdigit()):
        raise RejectedInput(Reason.BAD_DATE, f"the article's version {version!r} is no whole number")
    return stated, int(version or 0)


def parse_sourcedata(data: bytes) -> ParsedFile:
    """Curated figures of one SourceData article, with one rejection for every figure, panel or tag that is refused.

    Raises RejectedInput where the file as a whole cannot be used. Counts: `document` is the article; `ignored` tags
    are phantoms and those of types that no label set has, as labels.toml lists them.
    """
    return read_article(parse_xml(data), FORMAT)


def read_article(root: etree._Element, kind: str) -> ParsedFile:
    """As parse_sourcedata, of an article's element; `kind` is the format that the records state."""
    if root.tag != "article" or (root.find(".//sd-panel") is None and root.find("fig") is None):
        raise RejectedInput(Reason.UNKNOWN_FORMAT, f"root element <{root.tag}> is not SourceData: no article with figs")
    stated_date, stated_version = _read_statement(root)
    context = _Context(_read_ids(root), stated_date, stated_version, load_labels(), Tally())
    read = (_read_figure(element, context, position) for position, element in enumerate(root.iter("fig")))
    figures = tuple(figure for figure in read if figure is not None)
    context.tally.count("document", "n_in")
    if figures:
        context.tally.count("document", "valid")
    else:
        context.where = ""
        context.reject("document", Reason.NO_LEGEND, "no figure of the article has a panel with text")
    return ParsedFile(kind, (), figures, tuple(context.tally.rejections), context.tally.balance())
