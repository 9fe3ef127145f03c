"""What parsers return: records of one document, one curated figure, one rejected unit.

All offsets are zero-based, end-exclusive Unicode code points into the stored legend.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum

ENTITY_TYPES = (
    "SMALL_MOLECULE", "GENEPROD", "SUBCELLULAR", "CELL_TYPE", "TISSUE",
    "ORGANISM", "EXP_ASSAY", "DISEASE", "CELL_LINE",
)  # fmt: skip
#: `CELL` is a cell that the curator neither typed nor normalised; `OTHER` a mention of a type that no label set has, or
#: one in several pieces: stored with its raw type, in no label set, masked in training.
STORED_TYPES = (*ENTITY_TYPES, "CELL", "OTHER")
ROLES = ("controlled", "measured", "boring")
#: Formats that a delivery may state. The first four are told by their content, the others must be stated.
FORMATS = (
    "mixed", "jats", "sourcedata", "bioc", "bioc-json", "pubannotation", "pubtator", "conll", "jsonl", "craft",
)  # fmt: skip
#: `auxiliary` text helps a training that asks for it; it is no figure's gold, in no benchmark, in no published table.
PURPOSES = ("gold", "auxiliary")
#: Unit of the accounts: a figure that its sender takes back. Its row is one of `figures`.
DELETION = "deletion"
#: Kinds of figures and documents that curators deliver: gold is `curation`.
CURATED_KINDS = ("curation", "auxiliary")


class Reason(StrEnum):
    """Why a unit is in quarantine. The value is what `out.quarantine.reason` shows."""

    EMPTY_FILE = "empty_file"
    NOT_XML = "not_xml"
    NOT_WELL_FORMED = "not_well_formed"
    UNDECLARED_PREFIX = "undeclared_prefix"
    WRONG_ENCODING = "wrong_encoding"
    ENTITY_EXPANSION = "entity_expansion"
    EXTERNAL_ENTITY = "external_entity"
    TOO_DEEP = "too_deep"
    TOO_LARGE = "too_large"
    UNKNOWN_FORMAT = "unknown_format"
    BAD_ARCHIVE = "bad_archive"
    UNREADABLE = "unreadable"
    PARSER_ERROR = "parser_error"
    UNSAFE_ARCHIVE_MEMBER = "unsafe_archive_member"
    BAD_DELIVERY = "bad_delivery"
    INCOMPLETE_DELIVERY = "incomplete_delivery"
    NO_IDENTITY = "no_identity"
    NO_LEGEND = "no_legend"
    OFFSET_OUT_OF_RANGE = "offset_out_of_range"
    TEXT_MISMATCH = "text_mismatch"
    UNKNOWN_TYPE = "unknown_type"
    BAD_IDENTIFIER = "bad_identifier"
    UNEQUAL_ID_LISTS = "unequal_id_lists"
    DUPLICATE_PANEL = "duplicate_panel"
    BAD_DATE = "bad_date"
    BAD_DOI = "bad_doi"
    OVERLONG_LEGEND = "overlong_legend"
    BAD_ROLE = "bad_role"
    BAD_TAGS = "bad_tags"
    PARENT_REJECTED = "parent_rejected"
    SYNTHETIC_IN_REAL_HOME = "synthetic_in_real_home"
    LEGEND_CHANGED = "legend_changed"
    RULE_FAILED = "rule_failed"
    DELETES_NOTHING = "deletes_nothing"
    PURGED = "purged"


@dataclass(frozen=True)
class DocIds:
    """Ids of one document as found; `alias_list` orders them by the preference of architecture section 5."""

    doi: str | None = None
    pmcid: str | None = None
    pmid: str | None = None
    local_id: str | None = None


@dataclass(frozen=True)
class EventRecord:
    """One statement about a document (the target), e.g. from a JATS `related-article` or a list of retractions.

    `notice`: who says so, where that is not the document that the statement was read in.
    """

    target: DocIds
    kind: str
    event: str
    event_date: dt.date | None = None
    detail: str | None = None
    notice: DocIds = DocIds()


@dataclass(frozen=True)
class FigureRecord:
    """One figure of a publication. `key` is unique in the document (from the label, see core.ids)."""

    key: str
    position: int
    label: str | None = None
    jats_id: str | None = None
    parent_key: str | None = None
    legend: str | None = None
    caption_xml: str | None = None
    graphics: tuple[str, ...] = ()
    fig_type: str | None = None
    place: str = "body"
    licence: str | None = None


@dataclass(frozen=True)
class DocumentRecord:
    """One revision of a publication with its figures, in document order."""

    ids: DocIds
    title: str | None = None
    abstract: str | None = None
    journal: str | None = None
    publisher: str | None = None
    pub_date: dt.date | None = None
    article_type: str | None = None
    language: str | None = None
    licence: str = "unknown"
    licence_evidence: str | None = None
    stated_date: dt.date | None = None
    stated_version: int = 0
    figures: tuple[FigureRecord, ...] = ()
    events: tuple[EventRecord, ...] = ()


@dataclass(frozen=True)
class PanelRecord:
    """One panel of a curated figure; columns as in schemas/corpus/panels.sql. `coords`: left, top, right, bottom."""

    panel_no: int
    start: int
    end: int
    labels: tuple[str, ...] = ()
    marker_offsets: tuple[int, ...] = ()
    has_marker: bool = True
    is_labelled: bool = True
    external_id: str | None = None
    coords: tuple[int, ...] = ()


@dataclass(frozen=True)
class AnnotationRecord:
    """One curated mention; `start`/`end` are None for a floating tag. Columns as in schemas/corpus/annotations.sql.

    `is_machine`: the file says that a machine made it and no curator took it over; `n_source_rows` is 0 for a left-over
    of pre-tagging, which is no tag of the curator's."""

    start: int | None
    end: int | None
    text: str
    entity_type: str
    raw_type: str
    role: str | None = None
    raw_role: str | None = None
    ext_ids: tuple[str, ...] = ()
    ext_dbs: tuple[str, ...] = ()
    tag_ids: tuple[str, ...] = ()
    panel_no: int | None = None
    n_source_rows: int = 1
    is_nested: bool = False
    is_machine: bool = False

    @property
    def is_floating(self) -> bool:
        return self.start is None


@dataclass(frozen=True)
class CuratedFigure:
    """One figure as a curator delivered it: the unit that a later delivery supersedes as a whole. A deleted one is a
    revision that says that the sender's version of the figure is no more: it has neither legend nor rows."""

    ids: DocIds
    key: str
    legend: str
    label: str | None = None
    external_id: str | None = None
    position: int = 0
    graphics: tuple[str, ...] = ()
    panels: tuple[PanelRecord, ...] = ()
    annotations: tuple[AnnotationRecord, ...] = ()
    stated_date: dt.date | None = None
    stated_version: int = 0
    is_deleted: bool = False


@dataclass(frozen=True)
class Rejection:
    """One unit that a parser or a rule refused: n units of one kind with one reason."""

    unit: str
    reason: Reason
    message: str
    locator: str = ""
    payload: dict[str, object] = field(default_factory=dict)
    n: int = 1


@dataclass(frozen=True)
class UnitCounts:
    """Balance of one unit at one stage: n_in = valid + quarantined + duplicate + unchanged + ignored."""

    n_in: int = 0
    valid: int = 0
    quarantined: int = 0
    duplicate: int = 0
    unchanged: int = 0
    ignored: int = 0

    def __add__(self, other: UnitCounts) -> UnitCounts:
        return UnitCounts(
            self.n_in + other.n_in, self.valid + other.valid, self.quarantined + other.quarantined,
            self.duplicate + other.duplicate, self.unchanged + other.unchanged, self.ignored + other.ignored,
        )  # fmt: skip

    @property
    def balances(self) -> bool:
        return self.n_in == self.valid + self.quarantined + self.duplicate + self.unchanged + self.ignored


@dataclass(frozen=True)
class ParsedFile:
    """All that one raw file holds. `counts` holds what the parser saw per unit (document, figure, panel,
    annotation, event), counted where it happens; every unit it refused is one `Rejection`.

    `events` are statements about documents that the file does not hold; each of `aliases` is the ids of one document,
    whether the corpus has it or not.
    """

    format: str
    documents: tuple[DocumentRecord, ...] = ()
    curated: tuple[CuratedFigure, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    counts: dict[str, UnitCounts] = field(default_factory=dict)
    events: tuple[EventRecord, ...] = ()
    aliases: tuple[DocIds, ...] = ()
