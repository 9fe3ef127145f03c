"""Mentions as delivered, proved against their text on the way into a legend: what all formats with offsets share.

Offsets count UTF-8 bytes in some files and code points in others: whichever proves right for most mentions of a file
holds for the whole file, and every mention is proved on its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise

from pipelines.core.labels import LabelMap, Labels
from pipelines.core.records import AnnotationRecord, Reason, Rejection
from pipelines.core.text import first_words
from pipelines.ingest.curation import MAX_LEGEND, Resolved, Tally, TracedText, resolve_mention

_MOST_DIGITS = 12  # no passage is longer, and Python refuses to read thousands of digits
#: How senders write the text of a mention in several pieces: `white ... fat adipocytes`.
_BETWEEN_PIECES = re.compile(r"\s*(?:\.\.\.|…)\s*|\s+")


@dataclass(frozen=True)
class RawMention:
    """A mention as delivered. `places` are (offset, length) in the file's unit, counted as its block counts; several
    where it is not one stretch. `text` is None where the format does not state it."""

    tag_id: str
    raw_type: str
    raw_ids: tuple[str, ...]
    places: tuple[tuple[int | None, int], ...]
    text: str | None = None
    raw_role: str | None = None
    is_machine: bool = False


@dataclass(frozen=True)
class Block:
    """A passage, a sentence or a whole text, at its offset in the document, and its mentions."""

    offset: int
    text: str
    mentions: tuple[RawMention, ...]


@dataclass(frozen=True)
class Row:
    """A proved mention in the normalised text of its document."""

    start: int
    end: int
    resolved: Resolved
    raw: RawMention


@dataclass(frozen=True)
class Context:
    """What holds for the whole file."""

    is_bytes: bool
    labels: Labels
    label_map: LabelMap | None
    tally: Tally


def as_int(value: object) -> int | None:
    """A number of a file, as text or as number; None where it is none that counts characters."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if 0 <= value < 10**_MOST_DIGITS else None
    text = value.strip() if isinstance(value, str) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


@lru_cache(maxsize=2)
def _borders(text: str) -> dict[int, int]:
    """Code point by UTF-8 byte, for every byte that begins a character, and for the end."""
    ends = accumulate((len(c.encode("utf-8")) for c in text), initial=0)
    return {byte: n for n, byte in enumerate(ends)}


def _slice(block: Block, place: tuple[int | None, int], is_bytes: bool) -> tuple[int, int] | None:
    """Code-point span of a place in its block; None where it lies outside or cuts a character."""
    offset, length = place
    if offset is None or length <= 0:
        return None
    start, end = offset - block.offset, offset - block.offset + length
    if not is_bytes:
        return (start, end) if start >= 0 and end <= len(block.text) else None
    borders = _borders(block.text)
    return (borders[start], borders[end]) if start in borders and end in borders else None


def _spans(block: Block, mention: RawMention, is_bytes: bool) -> list[tuple[int, int]] | None:
    """Code-point spans of all pieces in order; None where one lies outside or two overlap."""
    found = [_slice(block, place, is_bytes) for place in mention.places]
    spans = sorted(span for span in found if span is not None)
    is_apart = all(a[1] <= b[0] for a, b in pairwise(spans))
    return spans if spans and len(spans) == len(found) and is_apart else None


def _is_text_there(block: Block, spans: Sequence[tuple[int, int]], text: str | None) -> bool:
    if text is None:
        return True
    if len(spans) == 1:
        return block.text[spans[0][0] : spans[0][1]] == text
    found = "".join(block.text[start:end] for start, end in spans)
    return _BETWEEN_PIECES.sub("", found) == _BETWEEN_PIECES.sub("", text)


def _count_hits(blocks: Sequence[Block], is_bytes: bool) -> int:
    looked_at = (b for b in blocks if len(b.text) <= MAX_LEGEND)  # a longer one is no legend and refused later
    spans = ((b, m, _spans(b, m, is_bytes)) for b in looked_at for m in b.mentions if m.text is not None)
    return sum(found is not None and _is_text_there(b, found, m.text) for b, m, found in spans)


def detect_byte_offsets(blocks: Sequence[Block]) -> bool:
    """True where offsets as UTF-8 bytes prove right for more mentions of the file than offsets as code points."""
    ascii_only = all(block.text.isascii() for block in blocks)
    return not ascii_only and _count_hits(blocks, is_bytes=True) > _count_hits(blocks, is_bytes=False)


def reject_mention(where: str, mention: RawMention, reason: Reason, why: str) -> Rejection:
    """The rejection of one mention of the text `where`, with what was delivered as its payload."""
    offset, length = mention.places[0] if mention.places else (None, 0)
    raw_id = " ".join(mention.raw_ids) or mention.raw_type
    payload: dict[str, object] = {
        "document": where, "annotation": mention.tag_id, "text": mention.text, "type": raw_id,
        "offset": offset, "length": length,
    }  # fmt: skip
    message = (
        f"annotation {mention.tag_id or f'at {offset}'} ({first_words(mention.text)!r}, {raw_id!r}) was refused: {why}"
    )
    return Rejection("annotation", reason, message, f"{where}#{mention.tag_id or offset}", payload)


def _check_mention(
    block: Block, mention: RawMention, is_bytes: bool
) -> tuple[list[tuple[int, int]] | None, Reason, str]:
    """The spans of its pieces, or None with the reason and what is wrong in words."""
    spans = _spans(block, mention, is_bytes)
    if spans is None:
        unit = "bytes" if is_bytes else "characters"
        offset, length = mention.places[0] if mention.places else (None, 0)
        what = f"offset {offset} and length {length} (in {unit})" if len(mention.places) < 2 else "its pieces"
        return None, Reason.OFFSET_OUT_OF_RANGE, f"{what} do not lie in the passage"
    if not _is_text_there(block, spans, mention.text):
        found = " … ".join(block.text[start:end] for start, end in spans)
        return None, Reason.TEXT_MISMATCH, f"the text at its offset is {first_words(found)!r}"
    return spans, Reason.TEXT_MISMATCH, ""


def prove(where: str, block: Block, mention: RawMention, traced: TracedText, context: Context) -> Row | Rejection:
    """The mention in the normalised text of its block, or why it is refused.

    A mention in several pieces stands from its first to its last character, as OTHER: its words in between are not
    its own, so no model learns from them.
    """
    spans, reason, why = _check_mention(block, mention, context.is_bytes)
    if spans is None:
        return reject_mention(where, mention, reason, why)
    resolved = resolve_mention(mention.raw_type, mention.raw_ids, context.labels, context.label_map)
    if resolved is None:
        name = context.label_map.name if context.label_map else ""
        why = f"the map of labels {name!r} does not have its type" if name else "its id names no known database or type"
        return reject_mention(where, mention, Reason.UNKNOWN_TYPE, why)
    placed = traced.map_span(spans[0][0], spans[-1][1])
    if placed is None:
        return reject_mention(where, mention, Reason.TEXT_MISMATCH, "it is white space only")
    return Row(*placed, resolved.as_other() if len(spans) > 1 else resolved, mention)


def make_annotation(
    row: Row, legend: str, span: tuple[int, int], labels: Labels, panel_no: int | None = None
) -> AnnotationRecord:
    """The record of a proved mention at its place in a legend."""
    return AnnotationRecord(
        start=span[0],
        end=span[1],
        text=legend[span[0] : span[1]],
        entity_type=row.resolved.entity_type,
        raw_type=row.resolved.raw_type,
        role=labels.roles.get((row.raw.raw_role or "").lower()),
        raw_role=row.raw.raw_role,
        ext_ids=row.resolved.ext_ids,
        ext_dbs=row.resolved.ext_dbs,
        tag_ids=(row.raw.tag_id,) if row.raw.tag_id else (),
        panel_no=panel_no,
        is_machine=row.raw.is_machine,
    )
